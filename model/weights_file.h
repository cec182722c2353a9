// Weights from and to the safetensors files of a Hugging Face folder.
#ifndef HONE_MODEL_WEIGHTS_FILE_H_
#define HONE_MODEL_WEIGHTS_FILE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "model/shards.h"
#include "model/weights.h"

namespace hone {

// How files keep each tensor of TensorSpecs(), and what their headers say besides.
struct WeightsFormat {
  std::vector<DType> dtypes;
  std::map<std::string, std::string> metadata;
};

// The tensors in a folder's files as the flat fp32 buffer of Weights, read piece by piece: a rank
// of the learner takes no more than its shard. The files stay mapped.
//
// Reads model.safetensors, or model.safetensors.index.json and its shards, which must lie in the
// folder. As transformers does it: "rotary_emb.inv_freq" of old files is passed over. Where the
// configuration ties the head to the embedding and the files have both, they are tied if equal,
// and else config() says that they are not; if the files have the head alone, that is the
// embedding.
class WeightsFiles {
 public:
  // A missing, surplus or misshapen tensor is an error that names it and its file.
  static StatusOr<WeightsFiles> Open(const std::string& folder, const ModelConfig& config);

  const ModelConfig& config() const { return config_; }
  WeightsFormat format() const;

  // [begin, begin + out.size()) of the flat buffer.
  void Read(int64_t begin, absl::Span<float> out) const;

 private:
  WeightsFiles(Shards shards, const ModelConfig& config);

  Shards shards_;
  ModelConfig config_;
  struct Place {
    int64_t begin;  // in the flat buffer
    DType dtype;
    absl::string_view bytes;
  };
  std::vector<Place> places_;  // of each tensor of TensorSpecs()
};

// All of them. `format` may be null.
StatusOr<Weights> LoadWeights(const std::string& folder, const ModelConfig& config,
                              WeightsFormat* format = nullptr);

// Writes one file. Values are rounded to the types of `format`.
Status WriteWeights(const std::string& path, const Weights& weights, const WeightsFormat& format);

}  // namespace hone

#endif  // HONE_MODEL_WEIGHTS_FILE_H_
