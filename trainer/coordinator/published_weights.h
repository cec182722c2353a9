// One version of the weights as it goes over the wire: a safetensors header, then the tensors'
// bytes, which are read straight from the Weights. The header's metadata holds the model's
// config.json, so that a worker needs no model folder.
// Thread safety: immutable, so any.
#ifndef HONE_TRAINER_COORDINATOR_PUBLISHED_WEIGHTS_H_
#define HONE_TRAINER_COORDINATOR_PUBLISHED_WEIGHTS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "model/weights.h"

namespace hone {

inline constexpr int64_t kWeightsChunkBytes = 2 << 20;

class PublishedWeights {
 public:
  PublishedWeights(uint64_t version, std::shared_ptr<const Weights> weights);

  uint64_t version() const { return version_; }
  const std::string& header() const { return header_; }
  absl::string_view bytes() const;
  int vocab_size() const { return weights_->config().vocab_size; }

 private:
  uint64_t version_;
  std::shared_ptr<const Weights> weights_;
  std::string header_;
};

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_PUBLISHED_WEIGHTS_H_
