// The loss of a sequence, and its gradient: policy loss, KL and entropy bonus, on plain numbers.
//
//   loss = Σ_i w_i · Σ_t [ policy loss + β·KL − η·H ]
//
// w_i is aggregation.h's, the policy loss policy_loss.h's, the KL kl.h's; β is kl_coefficient and η
// entropy_coefficient. H is the entropy of the full softmax at the sampling temperature. The
// weights are known before any log-prob is, so the gradient is local to a sequence.
#ifndef HONE_TRAINER_ALGORITHM_LOSS_H_
#define HONE_TRAINER_ALGORITHM_LOSS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "config/experiment.h"

namespace hone {

// One sequence's tokens, [tokens] each.
struct PolicyTokens {
  absl::Span<const float> logprobs;
  absl::Span<const float> old_logprobs;
  absl::Span<const float> ref_logprobs;  // empty when the KL is off
  absl::Span<const float> entropies;
  double advantage = 0;
  double weight = 0;  // w_i above
};

// What the loss of some tokens came to; sums over them.
struct LossTerms {
  double loss = 0;
  double kl = 0;
  double clipped = 0;  // tokens whose gradient the clip removed
  double entropy = 0;  // Σ H
  int64_t tokens = 0;

  LossTerms& operator+=(const LossTerms& other);
};

// Writes the gradient of the loss with respect to logprobs and entropies (both [tokens]).
LossTerms SequenceLoss(const AlgorithmSpec& algorithm, const PolicyTokens& tokens,
                       absl::Span<float> dlogprobs, absl::Span<float> dentropies);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_LOSS_H_
