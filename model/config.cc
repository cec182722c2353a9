#include "model/config.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "model/architecture.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

using nlohmann::ordered_json;

// RoPE in both spellings: transformers 4 reads `rope_theta` and `rope_scaling`, transformers 5
// `rope_parameters`.
void WriteRope(const ModelConfig& config, ordered_json* out) {
  ordered_json rope = {{"rope_type", "default"}};
  if (const auto& scaling = config.rope_scaling) {
    rope = {{"rope_type", "llama3"},
            {"factor", scaling->factor},
            {"low_freq_factor", scaling->low_freq_factor},
            {"high_freq_factor", scaling->high_freq_factor},
            {"original_max_position_embeddings", scaling->original_max_positions}};
    (*out)["rope_scaling"] = rope;
  }
  (*out)["rope_theta"] = config.rope_theta;
  rope["rope_theta"] = config.rope_theta;
  (*out)["rope_parameters"] = rope;
}

void WriteWindow(const ModelConfig& config, Architecture::Window kind, ordered_json* out) {
  const bool used = config.sliding_window > 0;
  if (kind == Architecture::Window::kByLayers) (*out)["use_sliding_window"] = used;
  if (kind == Architecture::Window::kAll || used) {
    (*out)["sliding_window"] = used ? ordered_json(config.sliding_window) : ordered_json();
  }
  if (kind == Architecture::Window::kByLayers && used) {
    const auto& windowed = config.windowed_layers;
    (*out)["max_window_layers"] =
        std::find(windowed.begin(), windowed.end(), true) - windowed.begin();
    for (const bool layer : windowed) {
      (*out)["layer_types"].push_back(layer ? "sliding_attention" : "full_attention");
    }
  }
}

}  // namespace

int64_t TensorSpec::size() const {
  int64_t count = 1;
  for (const int64_t n : shape) count *= n;
  return count;
}

std::vector<TensorSpec> BlockTensorSpecs(const ModelConfig& config) {
  const int64_t hidden = config.hidden_size, head = config.head_dim;
  const int64_t queries = config.query_size(), keys = config.kv_size();
  const int64_t inner = config.intermediate_size;
  std::vector<TensorSpec> specs;
  const auto add = [&](bool present, const char* name, std::vector<int64_t> shape) {
    if (present) specs.push_back({name, std::move(shape)});
  };
  add(true, "input_layernorm.weight", {hidden});
  add(true, "self_attn.q_proj.weight", {queries, hidden});
  add(true, "self_attn.k_proj.weight", {keys, hidden});
  add(true, "self_attn.v_proj.weight", {keys, hidden});
  add(config.qkv_bias, "self_attn.q_proj.bias", {queries});
  add(config.qkv_bias, "self_attn.k_proj.bias", {keys});
  add(config.qkv_bias, "self_attn.v_proj.bias", {keys});
  add(config.qk_norm, "self_attn.q_norm.weight", {head});
  add(config.qk_norm, "self_attn.k_norm.weight", {head});
  add(true, "self_attn.o_proj.weight", {hidden, queries});
  add(config.output_bias, "self_attn.o_proj.bias", {hidden});
  add(true, "post_attention_layernorm.weight", {hidden});
  add(true, "mlp.gate_proj.weight", {inner, hidden});
  add(true, "mlp.up_proj.weight", {inner, hidden});
  add(config.mlp_bias, "mlp.gate_proj.bias", {inner});
  add(config.mlp_bias, "mlp.up_proj.bias", {inner});
  add(true, "mlp.down_proj.weight", {hidden, inner});
  add(config.mlp_bias, "mlp.down_proj.bias", {hidden});
  return specs;
}

std::vector<TensorSpec> TensorSpecs(const ModelConfig& config) {
  const int64_t hidden = config.hidden_size;
  const std::vector<TensorSpec> block = BlockTensorSpecs(config);
  std::vector<TensorSpec> specs;
  specs.push_back({"model.embed_tokens.weight", {config.vocab_size, hidden}});
  for (int layer = 0; layer < config.num_layers; ++layer) {
    for (const TensorSpec& spec : block) {
      specs.push_back({absl::StrCat("model.layers.", layer, ".", spec.name), spec.shape});
    }
  }
  specs.push_back({"model.norm.weight", {hidden}});
  if (!config.tie_word_embeddings) {
    specs.push_back({"lm_head.weight", {config.vocab_size, hidden}});
  }
  return specs;
}

int64_t BlockSize(const ModelConfig& config) {
  int64_t total = 0;
  for (const TensorSpec& spec : BlockTensorSpecs(config)) total += spec.size();
  return total;
}

int64_t NumParameters(const ModelConfig& config) {
  int64_t total = 0;
  for (const TensorSpec& spec : TensorSpecs(config)) total += spec.size();
  return total;
}

std::string ModelConfigToJson(const ModelConfig& config) {
  const Architecture& architecture = *FindArchitecture(config.architecture);
  ordered_json out;
  out["architectures"] = {architecture.hf_class};
  out["model_type"] = architecture.name;
  out["vocab_size"] = config.vocab_size;
  out["hidden_size"] = config.hidden_size;
  out["num_hidden_layers"] = config.num_layers;
  out["num_attention_heads"] = config.num_heads;
  out["num_key_value_heads"] = config.num_kv_heads;
  out["head_dim"] = config.head_dim;
  out["intermediate_size"] = config.intermediate_size;
  out["max_position_embeddings"] = config.max_position_embeddings;
  WriteRope(config, &out);
  // transformers 4 reads the first, transformers 5 the second.
  out["torch_dtype"] = "float32";
  out["dtype"] = "float32";
  out["rms_norm_eps"] = config.rms_norm_eps;
  out["tie_word_embeddings"] = config.tie_word_embeddings;
  out["hidden_act"] = "silu";
  using Biases = Architecture::Biases;
  if (architecture.biases == Biases::kAttention || architecture.biases == Biases::kAll) {
    out["attention_bias"] = config.qkv_bias;
  }
  if (architecture.biases == Biases::kAll) out["mlp_bias"] = config.mlp_bias;
  out["attention_dropout"] = 0.0;
  WriteWindow(config, architecture.window, &out);
  out["use_cache"] = true;
  out["bos_token_id"] = nullptr;
  if (config.eos_token_ids.empty()) {
    out["eos_token_id"] = nullptr;
  } else if (config.eos_token_ids.size() == 1) {
    out["eos_token_id"] = config.eos_token_ids.front();
  } else {
    out["eos_token_id"] = config.eos_token_ids;
  }
  if (config.pad_token_id < 0) {
    out["pad_token_id"] = nullptr;
  } else {
    out["pad_token_id"] = config.pad_token_id;
  }
  return out.dump(2) + "\n";
}

Precision PrecisionOf(const ModelSpec& model) {
  return model.dtype == "bfloat16" ? Precision::kBFloat16 : Precision::kFloat32;
}

ModelConfig ConfigFromInit(const ModelInit& init, int vocab_size, int32_t eos_token_id) {
  ModelConfig config;
  const Architecture& architecture = *FindArchitecture(init.architecture);
  config.architecture = architecture.name;
  config.qk_norm = architecture.qk_norm;
  config.qkv_bias = architecture.biases == Architecture::Biases::kQkv;
  config.vocab_size = vocab_size;
  config.hidden_size = init.hidden_size;
  config.num_layers = init.num_layers;
  config.num_heads = init.num_heads;
  config.num_kv_heads = init.num_kv_heads;
  config.head_dim = init.head_dim;
  config.intermediate_size = init.intermediate_size;
  config.max_position_embeddings = init.max_position_embeddings;
  config.rope_theta = init.rope_theta;
  config.rms_norm_eps = init.rms_norm_eps;
  config.tie_word_embeddings = init.tie_word_embeddings;
  config.eos_token_ids = {eos_token_id};
  config.pad_token_id = eos_token_id;  // one token serves as end and as padding
  return config;
}

}  // namespace hone
