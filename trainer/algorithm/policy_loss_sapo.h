// SAPO (Gao et al. 2025, arXiv 2511.20347): a smooth gate in place of the clip,
//
//   −(4/τ)·σ(τ·(ρ − 1))·A,   ρ = exp(logπ − logπ_old)
//
// τ is sapo_temperature_positive where A > 0, else sapo_temperature_negative. At ρ = 1 the gradient
// is that of the plain ratio. The paper aggregates by sequence_mean.
#ifndef HONE_TRAINER_ALGORITHM_POLICY_LOSS_SAPO_H_
#define HONE_TRAINER_ALGORITHM_POLICY_LOSS_SAPO_H_

#include <vector>

#include "trainer/algorithm/policy_loss.h"

namespace hone {

std::vector<TokenLoss> SapoLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_POLICY_LOSS_SAPO_H_
