// GRPO (Shao et al. 2024, arXiv 2402.03300; DeepSeek-R1, arXiv 2501.12948):
//
//   A_i = (r_i − mean(r)) / (std(r) + std_epsilon)      over the G samples of one prompt
//
// The standard deviation is unbiased (its denominator is G − 1). Departure: a group of one, or of
// equal rewards, has advantage exactly 0.
#ifndef HONE_TRAINER_ALGORITHM_ADVANTAGE_GRPO_H_
#define HONE_TRAINER_ALGORITHM_ADVANTAGE_GRPO_H_

#include <vector>

#include "absl/types/span.h"

namespace hone {

// `rewards` of one group; [samples] both.
std::vector<double> GrpoAdvantages(absl::Span<const double> rewards, double std_epsilon);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_ADVANTAGE_GRPO_H_
