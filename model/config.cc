#include "model/config.h"

#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "model/json.h"

namespace hone {
namespace {

using nlohmann::json;

// Bounds that no real decoder reaches; they keep what NumParameters() adds up inside int64.
constexpr int64_t kMaxSize = int64_t{1} << 24;
constexpr int64_t kMaxLayers = 1024;
constexpr int64_t kMaxPositions = int64_t{1} << 30;

Status FieldError(const std::string& file, absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(file, ": field \"", field, "\" ", problem));
}

// Null stands for "not set" in these files.
const json* Find(const json& object, const char* field) {
  const auto it = object.find(field);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

StatusOr<int> PositiveInt(const json& object, const char* field, int64_t max,
                          const std::string& file) {
  const json* value = Find(object, field);
  if (value == nullptr) return FieldError(file, field, "is missing");
  if (!value->is_number_unsigned()) {
    return FieldError(file, field, absl::StrCat("must be a positive integer, not ", value->dump()));
  }
  const uint64_t number = value->get<uint64_t>();
  if (number < 1 || number > static_cast<uint64_t>(max)) {
    return FieldError(file, field, absl::StrCat("must lie between 1 and ", max, ", not ", number));
  }
  return static_cast<int>(number);
}

StatusOr<double> PositiveNumber(const json& value, const char* field, const std::string& file) {
  if (!value.is_number() || !std::isfinite(value.get<double>()) || value.get<double>() <= 0) {
    return FieldError(file, field, absl::StrCat("must be a positive number, not ", value.dump()));
  }
  return value.get<double>();
}

StatusOr<bool> OptionalBool(const json& object, const char* field, bool missing,
                            const std::string& file) {
  const json* value = Find(object, field);
  if (value == nullptr) return missing;
  if (!value->is_boolean()) {
    return FieldError(file, field, absl::StrCat("must be true or false, not ", value->dump()));
  }
  return value->get<bool>();
}

StatusOr<int32_t> TokenIdOf(const json& value, const char* field, const std::string& file) {
  if (!value.is_number_unsigned() ||
      value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int32_t>::max())) {
    return FieldError(file, field, absl::StrCat("must be a token id, not ", value.dump()));
  }
  return value.get<int32_t>();
}

StatusOr<std::string> Architecture(const json& root, const std::string& file) {
  const json* type = Find(root, "model_type");
  if (type == nullptr) return FieldError(file, "model_type", "is missing");
  if (*type != "qwen3") {
    return FieldError(file, "model_type", absl::StrCat("is ", type->dump(), "; supported: qwen3"));
  }
  if (const json* names = Find(root, "architectures")) {
    if (!names->is_array() || names->size() != 1 || names->front() != "Qwen3ForCausalLM") {
      return FieldError(file, "architectures",
                        absl::StrCat("is ", names->dump(), "; supported: [\"Qwen3ForCausalLM\"]"));
    }
  }
  return std::string("qwen3");
}

// A `rope_scaling` (transformers 4) or `rope_parameters` (5) that leaves the frequencies as they
// are.
Status CheckPlainRope(const json& rope, const char* field, const std::string& file) {
  if (!rope.is_object()) return FieldError(file, field, "must be an object");
  for (const char* name : {"rope_type", "type"}) {
    const json* type = Find(rope, name);
    if (type != nullptr && *type != "default") {
      return FieldError(file, field,
                        absl::StrCat("has the RoPE type ", type->dump(), "; supported: default"));
    }
  }
  for (const auto& [name, value] : rope.items()) {
    if (name != "rope_type" && name != "type" && name != "rope_theta" && !value.is_null()) {
      return FieldError(file, field, absl::StrCat("has the unsupported setting \"", name, "\""));
    }
  }
  return absl::OkStatus();
}

StatusOr<double> RopeTheta(const json& root, const std::string& file) {
  double theta = ModelConfig().rope_theta;  // also the default of transformers
  bool given = false;
  if (const json* value = Find(root, "rope_theta")) {
    HONE_ASSIGN_OR_RETURN(theta, PositiveNumber(*value, "rope_theta", file));
    given = true;
  }
  if (const json* scaling = Find(root, "rope_scaling")) {
    HONE_RETURN_IF_ERROR(CheckPlainRope(*scaling, "rope_scaling", file));
  }
  if (const json* parameters = Find(root, "rope_parameters")) {
    HONE_RETURN_IF_ERROR(CheckPlainRope(*parameters, "rope_parameters", file));
    if (const json* value = Find(*parameters, "rope_theta")) {
      HONE_ASSIGN_OR_RETURN(const double newer,
                            PositiveNumber(*value, "rope_parameters.rope_theta", file));
      if (given && newer != theta) {
        return FieldError(file, "rope_parameters.rope_theta", "contradicts \"rope_theta\"");
      }
      theta = newer;
    }
  }
  return theta;
}

// Settings that change the mathematics in ways that are not built.
Status RejectUnsupported(const json& root, const std::string& file) {
  for (const char* field : {"attention_bias", "use_sliding_window"}) {
    HONE_ASSIGN_OR_RETURN(const bool used, OptionalBool(root, field, false, file));
    if (used) return FieldError(file, field, "is true, which is not supported");
  }
  const json* activation = Find(root, "hidden_act");
  if (activation != nullptr && *activation != "silu") {
    return FieldError(file, "hidden_act",
                      absl::StrCat("is ", activation->dump(), "; supported: silu"));
  }
  if (Find(root, "quantization_config") != nullptr) {
    return FieldError(file, "quantization_config",
                      "is set: quantised weights are not supported; use the original weights");
  }
  if (const json* types = Find(root, "layer_types")) {
    if (!types->is_array()) return FieldError(file, "layer_types", "must be an array");
    for (const json& type : *types) {
      if (type != "full_attention") {
        return FieldError(file, "layer_types",
                          absl::StrCat("has ", type.dump(), "; supported: full_attention"));
      }
    }
  }
  return absl::OkStatus();
}

Status ReadTokenIds(const json& root, const std::string& file, ModelConfig* config) {
  if (const json* eos = Find(root, "eos_token_id")) {
    const json list = eos->is_array() ? *eos : json::array({*eos});
    for (const json& value : list) {
      HONE_ASSIGN_OR_RETURN(const int32_t id, TokenIdOf(value, "eos_token_id", file));
      config->eos_token_ids.push_back(id);
    }
  }
  if (const json* pad = Find(root, "pad_token_id")) {
    // Some files write -1 for "none".
    if (*pad == -1) return absl::OkStatus();
    HONE_ASSIGN_OR_RETURN(config->pad_token_id, TokenIdOf(*pad, "pad_token_id", file));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<TensorSpec> TensorSpecs(const ModelConfig& config) {
  const int64_t hidden = config.hidden_size, head = config.head_dim;
  const int64_t queries = config.query_size(), keys = config.kv_size();
  const int64_t inner = config.intermediate_size;
  std::vector<TensorSpec> specs;
  specs.push_back({"model.embed_tokens.weight", {config.vocab_size, hidden}});
  for (int layer = 0; layer < config.num_layers; ++layer) {
    const std::string block = absl::StrCat("model.layers.", layer, ".");
    specs.push_back({block + "input_layernorm.weight", {hidden}});
    specs.push_back({block + "self_attn.q_proj.weight", {queries, hidden}});
    specs.push_back({block + "self_attn.k_proj.weight", {keys, hidden}});
    specs.push_back({block + "self_attn.v_proj.weight", {keys, hidden}});
    specs.push_back({block + "self_attn.q_norm.weight", {head}});
    specs.push_back({block + "self_attn.k_norm.weight", {head}});
    specs.push_back({block + "self_attn.o_proj.weight", {hidden, queries}});
    specs.push_back({block + "post_attention_layernorm.weight", {hidden}});
    specs.push_back({block + "mlp.gate_proj.weight", {inner, hidden}});
    specs.push_back({block + "mlp.up_proj.weight", {inner, hidden}});
    specs.push_back({block + "mlp.down_proj.weight", {hidden, inner}});
  }
  specs.push_back({"model.norm.weight", {hidden}});
  if (!config.tie_word_embeddings) {
    specs.push_back({"lm_head.weight", {config.vocab_size, hidden}});
  }
  return specs;
}

int64_t NumParameters(const ModelConfig& config) {
  int64_t total = 0;
  for (const TensorSpec& spec : TensorSpecs(config)) {
    int64_t count = 1;
    for (const int64_t size : spec.shape) count *= size;
    total += count;
  }
  return total;
}

StatusOr<ModelConfig> ParseModelConfig(const std::string& text, const std::string& file) {
  HONE_ASSIGN_OR_RETURN(const json root, ParseJson(text, JsonLimits{}, file));
  if (!root.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": not a JSON object"));
  }
  ModelConfig config;
  HONE_ASSIGN_OR_RETURN(config.architecture, Architecture(root, file));
  HONE_RETURN_IF_ERROR(RejectUnsupported(root, file));
  const std::pair<const char*, int*> sizes[] = {{"vocab_size", &config.vocab_size},
                                                {"hidden_size", &config.hidden_size},
                                                {"num_attention_heads", &config.num_heads},
                                                {"num_key_value_heads", &config.num_kv_heads},
                                                {"intermediate_size", &config.intermediate_size},
                                                {"head_dim", &config.head_dim}};
  for (const auto& [field, size] : sizes) {
    HONE_ASSIGN_OR_RETURN(*size, PositiveInt(root, field, kMaxSize, file));
  }
  HONE_ASSIGN_OR_RETURN(config.num_layers,
                        PositiveInt(root, "num_hidden_layers", kMaxLayers, file));
  HONE_ASSIGN_OR_RETURN(config.max_position_embeddings,
                        PositiveInt(root, "max_position_embeddings", kMaxPositions, file));
  if (config.num_heads % config.num_kv_heads != 0) {
    return FieldError(file, "num_key_value_heads",
                      absl::StrCat("is ", config.num_kv_heads, ", which does not divide the ",
                                   config.num_heads, " num_attention_heads"));
  }
  if (config.head_dim % 2 != 0) {
    return FieldError(file, "head_dim", "must be even: RoPE turns pairs");
  }
  if (int64_t{config.num_heads} * config.head_dim > kMaxSize) {
    return FieldError(file, "head_dim",
                      absl::StrCat("times num_attention_heads exceeds ", kMaxSize));
  }
  HONE_ASSIGN_OR_RETURN(config.rope_theta, RopeTheta(root, file));
  const json* eps = Find(root, "rms_norm_eps");
  if (eps == nullptr) return FieldError(file, "rms_norm_eps", "is missing");
  HONE_ASSIGN_OR_RETURN(config.rms_norm_eps, PositiveNumber(*eps, "rms_norm_eps", file));
  HONE_ASSIGN_OR_RETURN(config.tie_word_embeddings,
                        OptionalBool(root, "tie_word_embeddings", false, file));
  HONE_RETURN_IF_ERROR(ReadTokenIds(root, file, &config));
  return config;
}

std::string ModelConfigToJson(const ModelConfig& config) {
  nlohmann::ordered_json out;
  out["architectures"] = {"Qwen3ForCausalLM"};
  out["model_type"] = "qwen3";
  out["vocab_size"] = config.vocab_size;
  out["hidden_size"] = config.hidden_size;
  out["num_hidden_layers"] = config.num_layers;
  out["num_attention_heads"] = config.num_heads;
  out["num_key_value_heads"] = config.num_kv_heads;
  out["head_dim"] = config.head_dim;
  out["intermediate_size"] = config.intermediate_size;
  out["max_position_embeddings"] = config.max_position_embeddings;
  // transformers 4 reads the first spelling of each pair, transformers 5 the second.
  out["rope_theta"] = config.rope_theta;
  out["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", config.rope_theta}};
  out["torch_dtype"] = "float32";
  out["dtype"] = "float32";
  out["rms_norm_eps"] = config.rms_norm_eps;
  out["tie_word_embeddings"] = config.tie_word_embeddings;
  out["hidden_act"] = "silu";
  out["attention_bias"] = false;
  out["attention_dropout"] = 0.0;
  out["use_sliding_window"] = false;
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

ModelConfig ConfigFromInit(const ModelInit& init, int vocab_size, int32_t eos_token_id) {
  ModelConfig config;
  config.architecture = init.architecture;
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
