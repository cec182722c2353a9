// A model in the Hugging Face layout: config.json, tokenizer.json (with tokenizer_config.json and
// generation_config.json), model.safetensors or shards with an index. Torch-free.
#ifndef HONE_MODEL_HF_FOLDER_H_
#define HONE_MODEL_HF_FOLDER_H_

#include <string>

#include "base/status.h"
#include "model/config.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights.h"

namespace hone {

// config.json alone.
StatusOr<ModelConfig> LoadModelConfig(const std::string& folder);

// Every tensor, converted to fp32. A missing, surplus or misshapen tensor is an error that names
// it and its file. Reads model.safetensors, or model.safetensors.index.json and its shards, whose
// paths must stay inside the folder.
StatusOr<Weights> LoadWeights(const std::string& folder, const ModelConfig& config);

StatusOr<Tokenizer> LoadTokenizer(const std::string& folder);

// An error when the tokenizer has ids that the model's embedding lacks.
Status CheckTokenizerFits(const Tokenizer& tokenizer, const ModelConfig& config,
                          const std::string& folder);

// Writes a folder that transformers loads (into `folder`.incomplete, then renamed).
Status SaveHfFolder(const std::string& folder, const Weights& weights, const Tokenizer& tokenizer);

}  // namespace hone

#endif  // HONE_MODEL_HF_FOLDER_H_
