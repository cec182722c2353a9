// How long completions become, from those that were made: the scheduler plans memory by it and
// starts the longest first. Only speed depends on it, never a result.
// Thread safety: none; the engine's thread owns it.
#ifndef HONE_ROLLOUT_ENGINE_LENGTH_ESTIMATE_H_
#define HONE_ROLLOUT_ENGINE_LENGTH_ESTIMATE_H_

#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

namespace hone {

class LengthEstimate {
 public:
  // The same for the same prompt, also when it is drawn again later.
  static uint64_t Key(absl::Span<const int32_t> prompt);

  // A completion of the prompt ended after so many tokens.
  void Observe(uint64_t key, int64_t tokens);

  // Mean length of recent completions, where `running_tokens` were sampled for others that have not
  // ended: all tokens over all ends, the maximum-likelihood mean of an exponential distribution
  // that is observed in part. So the short ones, which end first, do not pass for all. nullopt
  // before the first end.
  std::optional<double> Mean(int64_t running_tokens) const;

  // Mean length of what the prompt had before; nullopt when it is not known.
  std::optional<double> OfPrompt(uint64_t key) const;

 private:
  double tokens_ = 0;
  double ends_ = 0;
  absl::flat_hash_map<uint64_t, float> by_prompt_;
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_LENGTH_ESTIMATE_H_
