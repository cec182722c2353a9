// Weights from and to the safetensors files of a Hugging Face folder.
#ifndef HONE_MODEL_WEIGHTS_FILE_H_
#define HONE_MODEL_WEIGHTS_FILE_H_

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "model/weights.h"

namespace hone {

// How files keep each tensor of TensorSpecs(), and what their headers say besides.
struct WeightsFormat {
  std::vector<DType> dtypes;
  std::map<std::string, std::string> metadata;
};

// Every tensor, converted to fp32. A missing, surplus or misshapen tensor is an error that names
// it and its file. Reads model.safetensors, or model.safetensors.index.json and its shards, which
// must lie in the folder. `format` may be null.
//
// As transformers does it: "rotary_emb.inv_freq" of old files is passed over. Where the
// configuration ties the head to the embedding and the files have both, they are tied if equal,
// and else the result's configuration says that they are not; if the files have the head alone,
// that is the embedding.
StatusOr<Weights> LoadWeights(const std::string& folder, const ModelConfig& config,
                              WeightsFormat* format = nullptr);

// Writes one file. Values are rounded to the types of `format`.
Status WriteWeights(const std::string& path, const Weights& weights, const WeightsFormat& format);

}  // namespace hone

#endif  // HONE_MODEL_WEIGHTS_FILE_H_
