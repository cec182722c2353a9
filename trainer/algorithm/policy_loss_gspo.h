// GSPO (Zheng et al. 2025, arXiv 2507.18071): one ratio for the whole sequence,
//
//   −min(s·A, clip(s, 1 − clip_low, 1 + clip_high)·A),   s = exp(1/|o| · Σ_t (logπ − logπ_old))
//
// which is the loss of each of its tokens, so that every aggregation has a meaning; the paper's is
// sequence_mean. The gradient is the paper's equation 10: −s·A from each token, for its own logπ.
// (With weights that differ between tokens, as a correction has, it is that of the paper's
// GSPO-token, equation 14: a token's weight goes with its own gradient.)
#ifndef HONE_TRAINER_ALGORITHM_POLICY_LOSS_GSPO_H_
#define HONE_TRAINER_ALGORITHM_POLICY_LOSS_GSPO_H_

#include <vector>

#include "trainer/algorithm/policy_loss.h"

namespace hone {

std::vector<TokenLoss> GspoLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_POLICY_LOSS_GSPO_H_
