// A model in the Hugging Face layout: config.json, tokenizer.json (with tokenizer_config.json and
// generation_config.json), model.safetensors or shards with an index. Torch-free.
#ifndef HONE_MODEL_HF_FOLDER_H_
#define HONE_MODEL_HF_FOLDER_H_

#include <optional>
#include <string>

#include "base/status.h"
#include "model/config.h"
#include "model/folder_origin.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights.h"
#include "model/weights_file.h"

namespace hone {

// config.json; the stop tokens are those of generation_config.json if it names any, as they are
// for transformers.
StatusOr<ModelConfig> LoadModelConfig(const std::string& folder);

StatusOr<Tokenizer> LoadTokenizer(const std::string& folder);

// An error when the tokenizer has ids that the model's embedding lacks.
Status CheckTokenizerFits(const Tokenizer& tokenizer, const ModelConfig& config,
                          const std::string& folder);

// A model with all that is needed to write it again as it came.
struct HfModel {
  Weights weights;
  FolderOrigin origin;
};
StatusOr<HfModel> LoadHfFolder(const std::string& folder);

// Writes a folder that transformers loads: whole or not at all, also when it is killed (into
// `folder`.incomplete, then renamed). A folder that has something in it is an error.
// A model that was made here, in fp32:
Status SaveHfFolder(const std::string& folder, const Weights& weights, const Tokenizer& tokenizer);
// One that came from a folder (see FormatFor):
Status SaveHfFolder(const std::string& folder, const Weights& weights, const FolderOrigin& origin,
                    std::optional<DType> dtype = std::nullopt);

}  // namespace hone

#endif  // HONE_MODEL_HF_FOLDER_H_
