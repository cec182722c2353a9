#include "app/model_folder.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/hf_folder.h"

namespace hone {
namespace {

Status CheckFolder(const std::string& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--model ", folder,
                   ": there is no such folder; it should hold config.json, "
                   "tokenizer.json and *.safetensors"));
}

}  // namespace

StatusOr<LoadedModel> LoadModelFolder(const std::string& folder) {
  HONE_RETURN_IF_ERROR(CheckFolder(folder));
  HONE_ASSIGN_OR_RETURN(const ModelConfig config, LoadModelConfig(folder));
  HONE_ASSIGN_OR_RETURN(Tokenizer tokenizer, LoadTokenizer(folder));
  HONE_RETURN_IF_ERROR(CheckTokenizerFits(tokenizer, config, folder));
  HONE_ASSIGN_OR_RETURN(Weights weights, LoadWeights(folder, config));
  return LoadedModel{std::move(weights), std::move(tokenizer)};
}

StatusOr<Tokenizer> LoadTokenizerFolder(const std::string& folder) {
  HONE_RETURN_IF_ERROR(CheckFolder(folder));
  return LoadTokenizer(folder);
}

StatusOr<Weights> LoadWeightsFolder(const std::string& folder, Precision precision) {
  HONE_RETURN_IF_ERROR(CheckFolder(folder));
  HONE_ASSIGN_OR_RETURN(const ModelConfig config, LoadModelConfig(folder));
  HONE_ASSIGN_OR_RETURN(Weights weights, LoadWeights(folder, config));
  RoundWeights(precision, &weights);
  return weights;
}

StatusOr<Precision> ParsePrecision(const std::string& dtype) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
    if (dtype == Name(precision)) return precision;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--dtype ", dtype, ": valid ones are float32, bfloat16"));
}

absl::string_view Name(Precision precision) {
  return precision == Precision::kFloat32 ? "float32" : "bfloat16";
}

StatusOr<ModelConfig> NamedShape(const std::string& name) {
  ModelInit init;
  init.head_dim = 64;
  init.max_position_embeddings = 4096;
  if (name == "nano") {
    init.hidden_size = 256;
    init.num_layers = 6;
    init.num_heads = 4;
    init.num_kv_heads = 2;
    init.intermediate_size = 768;
    return ConfigFromInit(init, /*vocab_size=*/512, /*eos_token_id=*/0);
  }
  if (name == "mini") {
    init.hidden_size = 512;
    init.num_layers = 8;
    init.num_heads = 8;
    init.num_kv_heads = 4;
    init.intermediate_size = 1536;
    return ConfigFromInit(init, /*vocab_size=*/4096, /*eos_token_id=*/0);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--shape ", name, ": there is no such shape; valid ones are nano, mini"));
}

}  // namespace hone
