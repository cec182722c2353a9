// The importance weight of the learner's policy against the one that sampled, per token:
//
//   w = π_old / π_rollout
//   truncate   clip(w, correction_low, correction_high)         (TIS, Yao et al. 2025, "Your
//              Efficient RL Framework Secretly Brings You Off-Policy RL Training")
//   mask       w where correction_low ≤ w ≤ correction_high, else 0   (IcePop, Ring-1T, arXiv
//              2510.18855)
//
// π_old is the learner's at the start of the step. With old samples this is the decoupled objective
// (Hilton et al. 2021, arXiv 2110.00641; AReaL, arXiv 2505.24298): the clip holds the policy near
// π_old, the proximal policy, and w accounts for the behaviour policy. w carries no gradient and
// multiplies the policy loss alone, not the KL nor the entropy; a token that it masks counts in the
// denominators (aggregation.h). Where both policies agree to the bit w is exactly 1.
#ifndef HONE_TRAINER_ALGORITHM_CORRECTION_H_
#define HONE_TRAINER_ALGORITHM_CORRECTION_H_

#include "config/experiment.h"

namespace hone {

// w after its bounds; 1 when algorithm.correction is none.
double CorrectionWeight(const AlgorithmSpec& algorithm, double old_logprob, double rollout_logprob);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_CORRECTION_H_
