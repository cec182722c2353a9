#include "model/hf_folder.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "model/safetensors.h"
#include "model/shards.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

float FloatFromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

float FloatFromHalf(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16;
  const uint32_t exponent = half >> 10 & 0x1f;
  const uint32_t fraction = half & 0x3ff;
  if (exponent == 0) {  // zero and subnormals: fraction · 2^-24, exact in fp32
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const uint32_t wide = exponent == 0x1f ? 0xff : exponent + 112;
  return FloatFromBits(sign | wide << 23 | fraction << 13);
}

// The bytes are not aligned in general, so each value is copied out.
template <typename Bits, typename Convert>
void ConvertAll(absl::string_view bytes, absl::Span<float> out, Convert convert) {
  for (size_t i = 0; i < out.size(); ++i) {
    Bits bits;
    std::memcpy(&bits, bytes.data() + i * sizeof(Bits), sizeof(Bits));
    out[i] = convert(bits);
  }
}

void ToFloat(const Shards::Place& place, absl::Span<float> out) {
  switch (place.entry.dtype) {
    case DType::kBF16:
      ConvertAll<uint16_t>(place.bytes, out,
                           [](uint16_t bits) { return FloatFromBits(uint32_t{bits} << 16); });
      break;
    case DType::kF16:
      ConvertAll<uint16_t>(place.bytes, out, FloatFromHalf);
      break;
    default:
      std::memcpy(out.data(), place.bytes.data(), place.bytes.size());
  }
}

Status CheckTensor(const Shards::Place& place, const TensorSpec& spec) {
  const DType dtype = place.entry.dtype;
  if (dtype != DType::kF32 && dtype != DType::kBF16 && dtype != DType::kF16) {
    return absl::InvalidArgumentError(absl::StrCat(place.path, ": the tensor \"", spec.name,
                                                   "\" is ", Name(dtype),
                                                   "; supported: F32, BF16, F16"));
  }
  if (place.entry.shape != spec.shape) {
    return absl::InvalidArgumentError(
        absl::StrCat(place.path, ": the tensor \"", spec.name, "\" has the shape [",
                     absl::StrJoin(place.entry.shape, ", "), "]; config.json asks for [",
                     absl::StrJoin(spec.shape, ", "), "]"));
  }
  return absl::OkStatus();
}

// Every tensor of the model is there with its shape, and no other.
Status CheckTensors(const std::string& folder, const ModelConfig& config, const Shards& shards) {
  std::vector<std::string> names;
  for (const TensorSpec& spec : TensorSpecs(config)) {
    const auto place = shards.tensors().find(spec.name);
    if (place == shards.tensors().end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder, ": the tensor \"", spec.name, "\" is missing"));
    }
    HONE_RETURN_IF_ERROR(CheckTensor(place->second, spec));
    names.push_back(spec.name);
  }
  // A tied head is the embedding; some files store it again, and transformers ignores it too.
  if (config.tie_word_embeddings) names.push_back("lm_head.weight");
  std::sort(names.begin(), names.end());
  for (const auto& [name, place] : shards.tensors()) {
    if (!std::binary_search(names.begin(), names.end(), name)) {
      return absl::InvalidArgumentError(
          absl::StrCat(place.path, ": the tensor \"", name, "\" is none of this model"));
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

Status WriteModelFile(const std::string& path, const Weights& weights) {
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < weights.specs().size(); ++i) {
    const TensorSpec& spec = weights.specs()[i];
    tensors.push_back(
        {spec.name, DType::kF32, spec.shape, weights.tensor(static_cast<int>(i)).data()});
  }
  // transformers refuses files whose metadata does not name the framework.
  return WriteSafetensors(path, tensors, {{"format", "pt"}});
}

}  // namespace

StatusOr<ModelConfig> LoadModelConfig(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/config.json");
  HONE_ASSIGN_OR_RETURN(const std::string json, ReadFile(path));
  return ParseModelConfig(json, path);
}

StatusOr<Weights> LoadWeights(const std::string& folder, const ModelConfig& config) {
  HONE_ASSIGN_OR_RETURN(const Shards shards, Shards::Open(folder));
  // Before memory is taken: sizes that the files do not back are found here.
  HONE_RETURN_IF_ERROR(CheckTensors(folder, config, shards));
  Weights weights(config);
  for (size_t i = 0; i < weights.specs().size(); ++i) {
    ToFloat(shards.tensors().at(weights.specs()[i].name), weights.tensor(static_cast<int>(i)));
  }
  return weights;
}

StatusOr<Tokenizer> LoadTokenizer(const std::string& folder) {
  return Tokenizer::Load(absl::StrCat(folder, "/tokenizer.json"));
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
  const ModelConfig& config = weights.config();
  const std::pair<const char*, std::string> texts[] = {
      {"config.json", ModelConfigToJson(config)},
      {"generation_config.json", GenerationConfig(config)},
      {"tokenizer.json", tokenizer.json()},
      {"tokenizer_config.json", TokenizerConfig(config, tokenizer)}};
  for (const auto& [name, text] : texts) {
    HONE_RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(partial, "/", name), text));
  }
  HONE_RETURN_IF_ERROR(WriteModelFile(absl::StrCat(partial, "/model.safetensors"), weights));
  fs::rename(partial, target, error);
  if (error) {
    return FromErrno(error.value(), absl::StrCat("cannot rename ", partial, " to ", target));
  }
  std::move(remove_partial).Cancel();
  return absl::OkStatus();
}

}  // namespace hone
