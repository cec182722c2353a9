// REINFORCE++ (Hu 2025, arXiv 2501.03262), discount 1: every token of a sequence returns its
// reward; the returns are whitened over all tokens of the step, so long sequences weigh more:
//
//   A_i = (r_i − μ) / sqrt(v + 1e-8),   μ = 1/M · Σ_j n_j·r_j,   v = 1/(M−1) · Σ_j n_j·(r_j − μ)²
//
// n_j is the number of tokens of sample j and M their sum. Sequences without tokens have no part
// and advantage 0; equal rewards, or fewer than two tokens, give exactly 0. Departure: a KL in the
// reward is taken off a sample's reward as a whole, not token by token.
#ifndef HONE_TRAINER_ALGORITHM_ADVANTAGE_REINFORCE_PP_H_
#define HONE_TRAINER_ALGORITHM_ADVANTAGE_REINFORCE_PP_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace hone {

// All samples of a step; [samples] both.
std::vector<double> ReinforcePpAdvantages(absl::Span<const double> rewards,
                                          absl::Span<const int64_t> lengths);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_ADVANTAGE_REINFORCE_PP_H_
