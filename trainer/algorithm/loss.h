// The loss of a sequence, and its gradient: policy loss, KL and entropy bonus, on plain numbers.
//
//   loss = Σ_i w_i · Σ_t [ c·policy loss + β·KL − η·H ]
//
// w_i is aggregation.h's, the policy loss policy_loss.h's, c correction.h's and the KL kl.h's; β is
// kl_coefficient (with kl_in: loss) and η entropy_coefficient. H is the entropy of the full softmax
// at the sampling temperature. The weights are known before any log-prob is, so the gradient is
// local to a sequence. Arithmetic is fp64, whatever the type of the numbers.
#ifndef HONE_TRAINER_ALGORITHM_LOSS_H_
#define HONE_TRAINER_ALGORITHM_LOSS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "config/experiment.h"

namespace hone {

// One sequence's tokens, [tokens] each.
template <typename Real>
struct PolicyTokens {
  absl::Span<const Real> logprobs;          // of the policy that learns
  absl::Span<const Real> old_logprobs;      // of the policy that the ratio is taken to
  absl::Span<const Real> rollout_logprobs;  // of the policy that sampled; empty: no correction
  absl::Span<const Real> ref_logprobs;      // empty when the KL is off
  absl::Span<const Real> entropies;         // empty: no entropy bonus
  double advantage = 0;
  double weight = 0;  // w_i above
};

// What the loss of some tokens came to; sums over them.
struct LossTerms {
  double loss = 0;
  double kl = 0;
  double clipped = 0;  // tokens whose gradient the clip removed
  double entropy = 0;  // Σ H
  double correction = 0;
  int64_t tokens = 0;

  LossTerms& operator+=(const LossTerms& other);
};

// Writes the gradient of the loss with respect to logprobs and entropies (both [tokens]). Real is
// float or double.
template <typename Real>
LossTerms SequenceLoss(const AlgorithmSpec& algorithm, const PolicyTokens<Real>& tokens,
                       absl::Span<Real> dlogprobs, absl::Span<Real> dentropies);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_LOSS_H_
