// Puts the chunks of a weights stream together again, checking all that they say.
// Thread safety: none.
#ifndef HONE_ROLLOUT_WEIGHTS_RECEIVER_H_
#define HONE_ROLLOUT_WEIGHTS_RECEIVER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/weights.h"

namespace hone {

class WeightsReceiver {
 public:
  // The next chunk. One with a header is the first: what came before it is forgotten.
  // InvalidArgument says what does not fit: a header that is no model's, or more data than it
  // describes.
  Status Add(const std::string& header, absl::string_view data);

  // When the stream has ended. InvalidArgument when it ended too early.
  StatusOr<Weights> Finish() &&;

 private:
  Status Begin(const std::string& header);

  std::optional<Weights> weights_;
  uint64_t num_bytes_ = 0;  // received
};

}  // namespace hone

#endif  // HONE_ROLLOUT_WEIGHTS_RECEIVER_H_
