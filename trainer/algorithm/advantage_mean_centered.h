// Dr.GRPO (Liu et al. 2025, arXiv 2503.20783):
//
//   A_i = r_i − mean(r)      over the G samples of one prompt
//
// A group of one, or of equal rewards, has advantage exactly 0.
#ifndef HONE_TRAINER_ALGORITHM_ADVANTAGE_MEAN_CENTERED_H_
#define HONE_TRAINER_ALGORITHM_ADVANTAGE_MEAN_CENTERED_H_

#include <vector>

#include "absl/types/span.h"

namespace hone {

// `rewards` of one group; [samples] both.
std::vector<double> MeanCenteredAdvantages(absl::Span<const double> rewards);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_ADVANTAGE_MEAN_CENTERED_H_
