// The reading half of model/config.h.
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kernels/pointwise.h"
#include "model/architecture.h"
#include "model/config.h"
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
  if (value == nullptr) {
    return FieldError(file, field, object.contains(field) ? "is null" : "is missing");
  }
  if (!value->is_number_unsigned()) {
    return FieldError(file, field, absl::StrCat("must be a positive integer, not ", value->dump()));
  }
  const uint64_t number = value->get<uint64_t>();
  if (number < 1 || number > static_cast<uint64_t>(max)) {
    return FieldError(file, field, absl::StrCat("must lie between 1 and ", max, ", not ", number));
  }
  return static_cast<int>(number);
}

// As many as `missing` when the field is absent; null is no number.
StatusOr<int> PositiveIntOr(const json& object, const char* field, int missing, int64_t max,
                            const std::string& file) {
  if (!object.contains(field)) return missing;
  return PositiveInt(object, field, max, file);
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

StatusOr<const Architecture*> ReadArchitecture(const json& root, const std::string& file) {
  const json* type = Find(root, "model_type");
  if (type == nullptr) return FieldError(file, "model_type", "is missing");
  const Architecture* architecture =
      type->is_string() ? FindArchitecture(type->get<std::string>()) : nullptr;
  if (architecture == nullptr) {
    return FieldError(file, "model_type",
                      absl::StrCat("is ", type->dump(), "; supported: ", ArchitectureNames()));
  }
  if (const json* names = Find(root, "architectures")) {
    if (!names->is_array() || names->size() != 1 || names->front() != architecture->hf_class) {
      return FieldError(
          file, "architectures",
          absl::StrCat("is ", names->dump(), "; supported: [\"", architecture->hf_class, "\"]"));
    }
  }
  return architecture;
}

// What config.json says about RoPE, in up to three places.
struct RopeFields {
  std::optional<double> theta;
  std::optional<Llama3Scaling> scaling;
};

StatusOr<double> RopeNumber(const json& rope, const std::string& place, const char* name,
                            const std::string& file) {
  const std::string field = absl::StrCat(place, ".", name);
  const json* value = Find(rope, name);
  if (value == nullptr) return FieldError(file, field, "is missing");
  return PositiveNumber(*value, field.c_str(), file);
}

StatusOr<Llama3Scaling> ReadLlama3(const json& rope, const std::string& place, int max_positions,
                                   const std::string& file) {
  Llama3Scaling scaling;
  HONE_ASSIGN_OR_RETURN(scaling.factor, RopeNumber(rope, place, "factor", file));
  HONE_ASSIGN_OR_RETURN(scaling.low_freq_factor, RopeNumber(rope, place, "low_freq_factor", file));
  HONE_ASSIGN_OR_RETURN(scaling.high_freq_factor,
                        RopeNumber(rope, place, "high_freq_factor", file));
  if (scaling.high_freq_factor <= scaling.low_freq_factor) {
    return FieldError(file, place + ".high_freq_factor", "must be greater than low_freq_factor");
  }
  HONE_ASSIGN_OR_RETURN(
      scaling.original_max_positions,
      PositiveIntOr(rope, "original_max_position_embeddings", max_positions, kMaxPositions, file));
  return scaling;
}

// A `rope_scaling` (transformers 4) or `rope_parameters` (5).
StatusOr<RopeFields> ReadRopeObject(const json& rope, const std::string& place, int max_positions,
                                    const std::string& file) {
  if (!rope.is_object()) return FieldError(file, place, "must be an object");
  std::string type = "default";
  for (const char* name : {"type", "rope_type"}) {
    const json* value = Find(rope, name);
    if (value == nullptr) continue;
    if (*value != "default" && *value != "llama3") {
      return FieldError(
          file, place,
          absl::StrCat("has the RoPE type ", value->dump(), "; supported: default, llama3"));
    }
    type = value->get<std::string>();
  }
  RopeFields fields;
  for (const auto& [name, value] : rope.items()) {
    if (value.is_null() || name == "type" || name == "rope_type") continue;
    if (name == "rope_theta") {
      HONE_ASSIGN_OR_RETURN(fields.theta,
                            PositiveNumber(value, (place + ".rope_theta").c_str(), file));
    } else if (name == "partial_rotary_factor" && value == 1) {
      continue;
    } else if (type != "llama3" ||
               (name != "factor" && name != "low_freq_factor" && name != "high_freq_factor" &&
                name != "original_max_position_embeddings")) {
      return FieldError(file, place, absl::StrCat("has the unsupported setting \"", name, "\""));
    }
  }
  if (type == "llama3") {
    HONE_ASSIGN_OR_RETURN(fields.scaling, ReadLlama3(rope, place, max_positions, file));
  }
  return fields;
}

Status ReadRope(const json& root, const std::string& file, ModelConfig* config) {
  std::optional<double> theta;
  if (const json* value = Find(root, "rope_theta")) {
    HONE_ASSIGN_OR_RETURN(theta, PositiveNumber(*value, "rope_theta", file));
  }
  bool scaling_given = false;
  for (const char* place : {"rope_scaling", "rope_parameters"}) {
    const json* rope = Find(root, place);
    if (rope == nullptr || (rope->is_object() && rope->empty())) continue;
    HONE_ASSIGN_OR_RETURN(const RopeFields fields,
                          ReadRopeObject(*rope, place, config->max_position_embeddings, file));
    if (fields.theta && theta && *fields.theta != *theta) {
      return FieldError(file, absl::StrCat(place, ".rope_theta"), "contradicts \"rope_theta\"");
    }
    if (fields.theta) theta = fields.theta;
    if (scaling_given && fields.scaling != config->rope_scaling) {
      return FieldError(file, place, "contradicts \"rope_scaling\"");
    }
    config->rope_scaling = fields.scaling;
    scaling_given = true;
  }
  if (theta) config->rope_theta = *theta;  // else 10000, also the default of transformers
  const json* partial = Find(root, "partial_rotary_factor");
  if (partial != nullptr && *partial != 1) {
    return FieldError(file, "partial_rotary_factor",
                      absl::StrCat("is ", partial->dump(), "; supported: 1"));
  }
  const json* original = Find(root, "original_max_position_embeddings");
  if (original != nullptr && config->rope_scaling &&
      *original != config->rope_scaling->original_max_positions) {
    return FieldError(file, "original_max_position_embeddings",
                      "contradicts the one in the RoPE settings");
  }
  return absl::OkStatus();
}

// Settings that change the mathematics in ways that are not built.
Status RejectUnsupported(const json& root, const std::string& file) {
  const json* activation = Find(root, "hidden_act");
  if (activation != nullptr && *activation != "silu") {
    return FieldError(file, "hidden_act",
                      absl::StrCat("is ", activation->dump(), "; supported: silu"));
  }
  if (Find(root, "quantization_config") != nullptr) {
    return FieldError(file, "quantization_config",
                      "is set: quantised weights are not supported; use the original weights");
  }
  return absl::OkStatus();
}

Status ReadBiases(const json& root, const Architecture& architecture, const std::string& file,
                  ModelConfig* config) {
  using Biases = Architecture::Biases;
  config->qkv_bias = architecture.biases == Biases::kQkv;
  if (architecture.biases == Biases::kAttention || architecture.biases == Biases::kAll) {
    HONE_ASSIGN_OR_RETURN(config->qkv_bias, OptionalBool(root, "attention_bias", false, file));
    config->output_bias = config->qkv_bias;
  }
  if (architecture.biases == Biases::kAll) {
    HONE_ASSIGN_OR_RETURN(config->mlp_bias, OptionalBool(root, "mlp_bias", false, file));
  }
  return absl::OkStatus();
}

// `layer_types`; empty when it is not given. true: a window.
StatusOr<std::vector<bool>> ReadLayerTypes(const json& root, int num_layers,
                                           const std::string& file) {
  std::vector<bool> windowed;
  const json* types = Find(root, "layer_types");
  if (types == nullptr) return windowed;
  if (!types->is_array() || static_cast<int>(types->size()) != num_layers) {
    return FieldError(
        file, "layer_types",
        absl::StrCat("must be an array with one entry for each of the ", num_layers, " layers"));
  }
  for (const json& type : *types) {
    if (type != "full_attention" && type != "sliding_attention") {
      return FieldError(
          file, "layer_types",
          absl::StrCat("contains ", type.dump(), "; supported: full_attention, sliding_attention"));
    }
    windowed.push_back(type == "sliding_attention");
  }
  return windowed;
}

Status ReadWindow(const json& root, const Architecture& architecture, const std::string& file,
                  ModelConfig* config) {
  using Window = Architecture::Window;
  const int layers = config->num_layers;
  HONE_ASSIGN_OR_RETURN(std::vector<bool> windowed, ReadLayerTypes(root, layers, file));
  bool used = architecture.window != Window::kNone;
  if (architecture.window == Window::kByLayers) {
    HONE_ASSIGN_OR_RETURN(used, OptionalBool(root, "use_sliding_window", false, file));
  }
  const bool is_null = root.contains("sliding_window") && root["sliding_window"].is_null();
  int size = 0;
  if (used && !is_null) {
    HONE_ASSIGN_OR_RETURN(size,
                          PositiveIntOr(root, "sliding_window", architecture.default_sliding_window,
                                        kMaxPositions, file));
  }
  std::vector<bool> expected(layers, size > 0);
  if (size > 0 && architecture.window == Window::kByLayers) {
    int first = architecture.default_max_window_layers;
    if (root.contains("max_window_layers") && root["max_window_layers"] == 0) {
      first = 0;
    } else {
      HONE_ASSIGN_OR_RETURN(first, PositiveIntOr(root, "max_window_layers", first, kMaxSize, file));
    }
    for (int i = 0; i < layers; ++i) expected[i] = i >= first;
  }
  if (windowed.empty()) windowed = expected;
  // Only Qwen's layers choose one by one; the others' files may list what holds anyway.
  const bool listed = size > 0 && architecture.window == Window::kByLayers;
  if (!listed && windowed != expected) {
    return FieldError(file, "layer_types",
                      size > 0 ? "contains full_attention, but \"sliding_window\" is for all layers"
                               : "contains sliding_attention, but there is no sliding window");
  }
  config->sliding_window = size;
  if (size > 0) config->windowed_layers = windowed;
  return absl::OkStatus();
}

Status ReadHeads(const json& root, const Architecture& architecture, const std::string& file,
                 ModelConfig* config) {
  const int heads = config->num_heads;
  // Null stands for as many as there are query heads; absence is another thing in some families.
  const bool kv_null =
      root.contains("num_key_value_heads") && root["num_key_value_heads"].is_null();
  config->num_kv_heads = heads;
  if (!kv_null) {
    const int missing = architecture.default_num_kv_heads;
    HONE_ASSIGN_OR_RETURN(
        config->num_kv_heads,
        PositiveIntOr(root, "num_key_value_heads", missing > 0 ? missing : heads, kMaxSize, file));
  }
  if (heads % config->num_kv_heads != 0) {
    return FieldError(file, "num_key_value_heads",
                      absl::StrCat("is ", config->num_kv_heads, ", which does not divide the ",
                                   heads, " num_attention_heads"));
  }
  const bool derived = architecture.default_head_dim == 0;
  if (derived && Find(root, "head_dim") == nullptr) {
    config->head_dim = config->hidden_size / heads;
  } else {
    HONE_ASSIGN_OR_RETURN(
        config->head_dim,
        PositiveIntOr(root, "head_dim", architecture.default_head_dim, kMaxSize, file));
  }
  if (config->head_dim < 2 || config->head_dim % 2 != 0) {
    return FieldError(file, "head_dim",
                      absl::StrCat("is ", config->head_dim, "; must be even: RoPE turns pairs"));
  }
  if (config->head_dim > kMaxHeadDim) {
    return FieldError(file, "head_dim", absl::StrCat("must be at most ", kMaxHeadDim));
  }
  if (int64_t{heads} * config->head_dim > kMaxSize) {
    return FieldError(file, "head_dim",
                      absl::StrCat("times num_attention_heads exceeds ", kMaxSize));
  }
  return absl::OkStatus();
}

Status ReadTokenIds(const json& root, const Architecture& architecture, const std::string& file,
                    ModelConfig* config) {
  if (!root.contains("eos_token_id")) {
    config->eos_token_ids = architecture.default_eos_token_ids;
  } else if (const json* eos = Find(root, "eos_token_id")) {
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

StatusOr<ModelConfig> ParseModelConfig(const std::string& text, const std::string& file) {
  HONE_ASSIGN_OR_RETURN(const json root, ParseJson(text, JsonLimits{}, file));
  if (!root.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": not a JSON object"));
  }
  HONE_ASSIGN_OR_RETURN(const Architecture* architecture, ReadArchitecture(root, file));
  HONE_RETURN_IF_ERROR(RejectUnsupported(root, file));
  ModelConfig config;
  config.architecture = architecture->name;
  config.qk_norm = architecture->qk_norm;
  const std::pair<const char*, int*> sizes[] = {{"vocab_size", &config.vocab_size},
                                                {"hidden_size", &config.hidden_size},
                                                {"num_attention_heads", &config.num_heads},
                                                {"intermediate_size", &config.intermediate_size}};
  for (const auto& [field, size] : sizes) {
    HONE_ASSIGN_OR_RETURN(*size, PositiveInt(root, field, kMaxSize, file));
  }
  HONE_ASSIGN_OR_RETURN(config.num_layers,
                        PositiveInt(root, "num_hidden_layers", kMaxLayers, file));
  HONE_ASSIGN_OR_RETURN(
      config.max_position_embeddings,
      PositiveIntOr(root, "max_position_embeddings", architecture->default_max_position_embeddings,
                    kMaxPositions, file));
  HONE_RETURN_IF_ERROR(ReadHeads(root, *architecture, file, &config));
  HONE_RETURN_IF_ERROR(ReadRope(root, file, &config));
  HONE_RETURN_IF_ERROR(ReadBiases(root, *architecture, file, &config));
  HONE_RETURN_IF_ERROR(ReadWindow(root, *architecture, file, &config));
  if (root.contains("rms_norm_eps")) {  // else 1e-6, the default of every family
    HONE_ASSIGN_OR_RETURN(config.rms_norm_eps,
                          PositiveNumber(root["rms_norm_eps"], "rms_norm_eps", file));
  }
  HONE_ASSIGN_OR_RETURN(config.tie_word_embeddings,
                        OptionalBool(root, "tie_word_embeddings", false, file));
  HONE_RETURN_IF_ERROR(ReadTokenIds(root, *architecture, file, &config));
  return config;
}

}  // namespace hone
