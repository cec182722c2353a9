// The clipped loss of PPO (Schulman et al. 2017, arXiv 1707.06347), with bounds of their own below
// and above ("clip-higher", DAPO, arXiv 2503.14476):
//
//   −min(ρ·A, clip(ρ, 1 − clip_low, 1 + clip_high)·A),   ρ = exp(logπ − logπ_old)
//
// With dual_clip = c (Ye et al. 2020, arXiv 1912.09729) it is at most −c·A where A < 0.
#ifndef HONE_TRAINER_ALGORITHM_POLICY_LOSS_CLIP_H_
#define HONE_TRAINER_ALGORITHM_POLICY_LOSS_CLIP_H_

#include <vector>

#include "trainer/algorithm/policy_loss.h"

namespace hone {

std::vector<TokenLoss> ClipLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_POLICY_LOSS_CLIP_H_
