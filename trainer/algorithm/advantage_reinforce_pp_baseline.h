// REINFORCE++ with a group baseline (Hu 2025, arXiv 2501.03262): the rewards less the mean of
// their group (advantage_mean_centered.h), then whitened over the tokens of the step
// (advantage_reinforce_pp.h). A group of one is 0 before whitening.
#ifndef HONE_TRAINER_ALGORITHM_ADVANTAGE_REINFORCE_PP_BASELINE_H_
#define HONE_TRAINER_ALGORITHM_ADVANTAGE_REINFORCE_PP_BASELINE_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace hone {

// All samples of a step; [samples] all.
std::vector<double> ReinforcePpBaselineAdvantages(absl::Span<const double> rewards,
                                                  absl::Span<const int64_t> groups,
                                                  absl::Span<const int64_t> lengths);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_ADVANTAGE_REINFORCE_PP_BASELINE_H_
