#include "trainer/algorithm/advantage_reinforce_pp_baseline.h"

#include "trainer/algorithm/advantage.h"
#include "trainer/algorithm/advantage_mean_centered.h"
#include "trainer/algorithm/advantage_reinforce_pp.h"

namespace hone {

std::vector<double> ReinforcePpBaselineAdvantages(absl::Span<const double> rewards,
                                                  absl::Span<const int64_t> groups,
                                                  absl::Span<const int64_t> lengths) {
  return ReinforcePpAdvantages(WithinGroups(rewards, groups, MeanCenteredAdvantages), lengths);
}

}  // namespace hone
