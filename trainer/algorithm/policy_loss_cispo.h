// CISPO (MiniMax 2025, arXiv 2506.13585): REINFORCE with a clipped importance weight that carries
// no gradient, so that no token loses its own:
//
//   −c·A·logπ,   c = clip(ρ, 1 − clip_low, 1 + clip_high) held constant,  ρ = exp(logπ − logπ_old)
//
// The paper sets no lower bound: clip_low = 1.
#ifndef HONE_TRAINER_ALGORITHM_POLICY_LOSS_CISPO_H_
#define HONE_TRAINER_ALGORITHM_POLICY_LOSS_CISPO_H_

#include <vector>

#include "trainer/algorithm/policy_loss.h"

namespace hone {

std::vector<TokenLoss> CispoLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_POLICY_LOSS_CISPO_H_
