// RLOO, REINFORCE leave-one-out (Ahmadian et al. 2024, arXiv 2402.14740): the baseline of a sample
// is the mean of the group's others,
//
//   A_i = r_i − 1/(G−1) · Σ_{j≠i} r_j = G/(G−1) · (r_i − mean(r))
//
// A group of one, or of equal rewards, has advantage exactly 0.
#ifndef HONE_TRAINER_ALGORITHM_ADVANTAGE_RLOO_H_
#define HONE_TRAINER_ALGORITHM_ADVANTAGE_RLOO_H_

#include <vector>

#include "absl/types/span.h"

namespace hone {

// `rewards` of one group; [samples] both.
std::vector<double> RlooAdvantages(absl::Span<const double> rewards);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_ADVANTAGE_RLOO_H_
