// DPPO with the binary total variation (arXiv 2602.04879): a trust region in probabilities, not in
// ratios, since a rare token's ratio says little:
//
//   −ρ·A·m,   ρ = π/π_old,   m = 0 where A > 0 and π − π_old > clip_high,
//                                or where A < 0 and π_old − π > clip_low, else 1
//
// Departure: the ratio is not truncated (the paper suggests a bound so large that it hardly acts).
#ifndef HONE_TRAINER_ALGORITHM_POLICY_LOSS_DPPO_H_
#define HONE_TRAINER_ALGORITHM_POLICY_LOSS_DPPO_H_

#include <vector>

#include "trainer/algorithm/policy_loss.h"

namespace hone {

std::vector<TokenLoss> DppoLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_POLICY_LOSS_DPPO_H_
