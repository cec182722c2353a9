// Shapes of a decoder, as config.json gives them. Torch-free.
#ifndef HONE_MODEL_CONFIG_H_
#define HONE_MODEL_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/experiment.h"

namespace hone {

struct ModelConfig {
  std::string architecture;  // "qwen3"
  int vocab_size = 0;
  int hidden_size = 0;
  int num_layers = 0;
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;
  int intermediate_size = 0;
  int max_position_embeddings = 0;
  double rope_theta = 10000.0;
  double rms_norm_eps = 1e-6;
  bool tie_word_embeddings = false;
  std::vector<int32_t> eos_token_ids;
  int32_t pad_token_id = -1;  // -1: none

  int query_size() const { return num_heads * head_dim; }
  int kv_size() const { return num_kv_heads * head_dim; }
};

// A tensor that the architecture has, by its Hugging Face name.
struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
};

// Every tensor of the model, in the one order used everywhere (embedding, blocks 0 … n-1, final
// norm, head unless tied): flat parameters, published weights and files follow it.
std::vector<TensorSpec> TensorSpecs(const ModelConfig& config);

int64_t NumParameters(const ModelConfig& config);

// Reads config.json as transformers 4 and 5 write it. Errors name the file and the field:
// unknown architecture, missing or ill-typed field, shapes that do not fit together.
StatusOr<ModelConfig> ParseModelConfig(const std::string& json, const std::string& file);

// What transformers 4 and 5 both load.
std::string ModelConfigToJson(const ModelConfig& config);

ModelConfig ConfigFromInit(const ModelInit& init, int vocab_size, int32_t eos_token_id);

}  // namespace hone

#endif  // HONE_MODEL_CONFIG_H_
