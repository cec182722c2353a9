#include "trainer/rollout_gap.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace hone {

double LargerGap(double a, double b) { return std::isnan(a) || a > b ? a : b; }

void RolloutGap::Add(double gap, bool on_policy) {
  largest_ = LargerGap(gap, largest_);
  if (on_policy) largest_on_policy_ = LargerGap(gap, largest_on_policy_);
}

Status RolloutGap::Check(std::optional<double> limit, int64_t step) const {
  if (!limit.has_value() || largest_on_policy_ <= *limit) return absl::OkStatus();
  return absl::InternalError(absl::StrFormat(
      "step %d: a token's log-prob differs by %g between rollout worker and learner, though the "
      "same "
      "weights made both (max_rollout_learner_gap is %g): were workers and trainer built alike? "
      "With an engine that is not exact, set the limit that you accept, or null",
      step, largest_on_policy_, *limit));
}

}  // namespace hone
