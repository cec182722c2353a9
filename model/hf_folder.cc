#include "model/hf_folder.h"

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "model/folder_path.h"
#include "model/json.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr char kConfig[] = "config.json";
constexpr char kGenerationConfig[] = "generation_config.json";
constexpr char kTokenizer[] = "tokenizer.json";

StatusOr<std::string> ReadModelFile(const std::string& folder, const char* name) {
  HONE_ASSIGN_OR_RETURN(const std::string path, PathInFolder(folder, name));
  return ReadFile(path);
}

// Finite numbers must stay finite in float16.
Status CheckHalfRange(const std::string& name, absl::Span<const float> values) {
  for (const float value : values) {
    if (std::isfinite(value) && std::abs(value) >= 65520.0f) {
      return absl::InvalidArgumentError(absl::StrCat("the tensor \"", name, "\" holds ", value,
                                                     ", beyond float16; choose bfloat16"));
    }
  }
  return absl::OkStatus();
}

// The name of a token for tokenizer_config.json; empty when no entry is written like its text.
std::string NameOfToken(const Tokenizer& tokenizer, int32_t id) {
  const std::string text = tokenizer.Decode({id}, /*skip_special=*/false);
  return tokenizer.TokenId(text) == id ? text : "";
}

std::string GenerationConfig(const ModelConfig& config) {
  ordered_json out = ordered_json::object();
  if (config.eos_token_ids.size() == 1) {
    out["eos_token_id"] = config.eos_token_ids.front();
  } else if (!config.eos_token_ids.empty()) {
    out["eos_token_id"] = config.eos_token_ids;
  }
  if (config.pad_token_id >= 0) out["pad_token_id"] = config.pad_token_id;
  return out.dump(2) + "\n";
}

std::string TokenizerConfig(const ModelConfig& config, const Tokenizer& tokenizer) {
  ordered_json out = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                      {"clean_up_tokenization_spaces", false},
                      {"model_max_length", config.max_position_embeddings}};
  const auto set = [&](const char* field, int32_t id) {
    const std::string name = NameOfToken(tokenizer, id);
    if (!name.empty()) out[field] = name;
  };
  if (!config.eos_token_ids.empty()) set("eos_token", config.eos_token_ids.front());
  if (config.pad_token_id >= 0) set("pad_token", config.pad_token_id);
  return out.dump(2) + "\n";
}

// Writes a whole folder beside its place and renames it.
Status WriteFolder(const std::string& folder, const std::map<std::string, std::string>& files,
                   const Weights& weights, const WeightsFormat& format) {
  std::string target = folder;
  while (target.size() > 1 && target.back() == '/') target.pop_back();
  std::error_code error;
  if (fs::exists(target, error) && !fs::is_empty(target, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(target, " exists; remove it or choose another folder"));
  }
  const std::string partial = absl::StrCat(target, ".incomplete");
  fs::remove_all(partial, error);  // of a run that was stopped here
  HONE_RETURN_IF_ERROR(MakeFolder(partial));
  absl::Cleanup remove_partial = [&] { fs::remove_all(partial, error); };
  for (const auto& [name, text] : files) {
    const fs::path path = fs::path(partial) / name;
    HONE_RETURN_IF_ERROR(MakeFolder(path.parent_path()));
    HONE_RETURN_IF_ERROR(WriteFileAtomically(path, text));
  }
  HONE_RETURN_IF_ERROR(WriteWeights(absl::StrCat(partial, "/model.safetensors"), weights, format));
  HONE_RETURN_IF_ERROR(SyncFolder(partial));
  fs::rename(partial, target, error);
  if (error) {
    return FromErrno(error.value(), absl::StrCat("cannot rename ", partial, " to ", target));
  }
  std::move(remove_partial).Cancel();
  const fs::path parent = fs::path(target).parent_path();
  return SyncFolder(parent.empty() ? "." : parent.string());
}

// The stop tokens of generation_config.json, which transformers prefers; nullopt when it has none.
StatusOr<std::optional<std::vector<int32_t>>> GenerationStops(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/", kGenerationConfig);
  if (!FileExists(path)) return std::nullopt;
  HONE_ASSIGN_OR_RETURN(const std::string text, ReadModelFile(folder, kGenerationConfig));
  HONE_ASSIGN_OR_RETURN(const nlohmann::json root, ParseJson(text, JsonLimits{}, path));
  const auto eos = root.is_object() ? root.find("eos_token_id") : root.end();
  if (!root.is_object() || eos == root.end() || eos->is_null()) return std::nullopt;
  std::vector<int32_t> ids;
  for (const auto& id : eos->is_array() ? *eos : nlohmann::json::array({*eos})) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > std::numeric_limits<int32_t>::max()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": field \"eos_token_id\" must be a token id, not ", id.dump()));
    }
    ids.push_back(id.get<int32_t>());
  }
  return ids;
}

}  // namespace

StatusOr<ModelConfig> LoadModelConfig(const std::string& folder) {
  HONE_ASSIGN_OR_RETURN(const std::string json, ReadModelFile(folder, kConfig));
  HONE_ASSIGN_OR_RETURN(ModelConfig config,
                        ParseModelConfig(json, absl::StrCat(folder, "/", kConfig)));
  HONE_ASSIGN_OR_RETURN(auto stops, GenerationStops(folder));
  if (stops) config.eos_token_ids = *std::move(stops);
  return config;
}

StatusOr<HfModel> LoadHfFolder(const std::string& folder) {
  HfModel model;
  HONE_ASSIGN_OR_RETURN(const ModelConfig config, LoadModelConfig(folder));
  HONE_ASSIGN_OR_RETURN(model.origin.files, ReadFolderFiles(folder));
  HONE_ASSIGN_OR_RETURN(model.weights, LoadWeights(folder, config, &model.origin.format));
  return model;
}

StatusOr<Tokenizer> LoadTokenizer(const std::string& folder) {
  HONE_ASSIGN_OR_RETURN(const std::string path, PathInFolder(folder, kTokenizer));
  return Tokenizer::Load(path);
}

Status CheckTokenizerFits(const Tokenizer& tokenizer, const ModelConfig& config,
                          const std::string& folder) {
  if (tokenizer.vocab_size() <= config.vocab_size) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      folder, ": tokenizer.json has ids up to ", tokenizer.vocab_size() - 1,
      ", but the embedding (vocab_size in config.json) ends at ", config.vocab_size - 1));
}

Status SaveHfFolder(const std::string& folder, const Weights& weights, const Tokenizer& tokenizer) {
  HONE_RETURN_IF_ERROR(CheckTokenizerFits(tokenizer, weights.config(), folder));
  const ModelConfig& config = weights.config();
  // transformers refuses files whose metadata does not name the framework.
  const WeightsFormat format = {std::vector<DType>(weights.specs().size(), DType::kF32),
                                {{"format", "pt"}}};
  return WriteFolder(folder,
                     {{kConfig, ModelConfigToJson(config)},
                      {kGenerationConfig, GenerationConfig(config)},
                      {kTokenizer, tokenizer.json()},
                      {"tokenizer_config.json", TokenizerConfig(config, tokenizer)}},
                     weights, format);
}

Status SaveHfFolder(const std::string& folder, const Weights& weights, const FolderOrigin& origin,
                    std::optional<DType> dtype) {
  const WeightsFormat format = FormatFor(origin, weights, dtype);
  if (dtype == DType::kF16) {
    for (size_t i = 0; i < weights.specs().size(); ++i) {
      HONE_RETURN_IF_ERROR(CheckHalfRange(weights.specs()[i].name, weights.tensor(i)));
    }
  }
  std::map<std::string, std::string> files = origin.files;
  files[kConfig] = ConfigFor(origin, weights, format, dtype);
  return WriteFolder(folder, files, weights, format);
}

}  // namespace hone
