// How far the learner's log-probs of a step are from those that were sampled from. Where the same
// weights made both, Hone's engine and learner agree to the bit; anything else is a fault that
// would bias the training unseen.
#ifndef HONE_TRAINER_ROLLOUT_GAP_H_
#define HONE_TRAINER_ROLLOUT_GAP_H_

#include <cstdint>
#include <optional>

#include "base/status.h"

namespace hone {

// The larger one; unlike with std::max a NaN stays.
double LargerGap(double a, double b);

class RolloutGap {
 public:
  // A sequence whose log-probs differ by at most `gap`; on policy: all of its tokens were sampled
  // from the weights that the learner has.
  void Add(double gap, bool on_policy);

  // Over all sequences; a NaN stays.
  double largest() const { return largest_; }

  // Internal when a sequence on policy differs by more than `limit`; nullopt: never.
  Status Check(std::optional<double> limit, int64_t step) const;

 private:
  double largest_ = 0;
  double largest_on_policy_ = 0;
};

}  // namespace hone

#endif  // HONE_TRAINER_ROLLOUT_GAP_H_
