// Small models for tests of the engine and the learner.
#ifndef HONE_TESTS_ROLLOUT_ENGINE_MODELS_H_
#define HONE_TESTS_ROLLOUT_ENGINE_MODELS_H_

#include <string>
#include <utility>
#include <vector>

#include "base/philox.h"
#include "gtest/gtest.h"
#include "model/weights.h"

namespace hone {

inline ModelConfig SmallConfig(bool tied, const std::string& architecture = "qwen3") {
  ModelInit init;
  init.architecture = architecture;
  init.hidden_size = 48;
  init.num_layers = 2;
  init.num_heads = 4;
  init.num_kv_heads = 2;
  init.head_dim = 16;
  init.intermediate_size = 80;
  init.max_position_embeddings = 160;
  init.tie_word_embeddings = tied;
  return ConfigFromInit(init, 67, 0);
}

// Random weights large enough that the distributions are far from flat; biases too.
inline Weights SmallModel(const ModelConfig& config, uint64_t seed = 5) {
  Weights weights = InitWeights(config, 0.3, seed);
  Random random(seed, 0);
  for (size_t i = 0; i < weights.specs().size(); ++i) {
    if (!weights.specs()[i].name.ends_with(".bias")) continue;
    for (float& value : weights.tensor(static_cast<int>(i))) value = random.Uniform() - 0.5f;
  }
  return weights;
}

inline Weights SmallModel(bool tied, uint64_t seed = 5) {
  return SmallModel(SmallConfig(tied), seed);
}

// What the families differ in, and more of it at once than any of them has.
inline std::vector<std::pair<std::string, ModelConfig>> ModelVariants() {
  std::vector<std::pair<std::string, ModelConfig>> variants;
  for (const char* architecture : {"llama", "mistral", "qwen2", "qwen3"}) {
    variants.emplace_back(architecture, SmallConfig(false, architecture));
  }
  ModelConfig config = SmallConfig(true, "llama");
  config.rope_scaling = Llama3Scaling{4, 1, 4, 32};
  config.qkv_bias = config.output_bias = config.mlp_bias = true;
  config.head_dim = 12;
  variants.emplace_back("llama with scaled RoPE, all biases, heads of 12", config);
  config = SmallConfig(false, "mistral");
  config.sliding_window = 21;
  config.windowed_layers = {true, true};
  variants.emplace_back("mistral with a window", config);
  config = SmallConfig(true, "qwen2");
  config.sliding_window = 9;
  config.windowed_layers = {false, true};
  config.num_kv_heads = 1;
  config.head_dim = 6;
  variants.emplace_back("qwen2 with a window in one layer, one key/value head of 6", config);
  return variants;
}

// body(weights, precision) for each of them in both precisions, the weights rounded.
template <typename Body>
void ForEachModel(Body body) {
  for (const auto& [name, config] : ModelVariants()) {
    for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
      SCOPED_TRACE(name);
      Weights weights = SmallModel(config);
      RoundWeights(precision, &weights);
      body(weights, precision);
    }
  }
}

}  // namespace hone

#endif  // HONE_TESTS_ROLLOUT_ENGINE_MODELS_H_
