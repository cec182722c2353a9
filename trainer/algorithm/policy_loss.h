// The policy-gradient loss of each token of a sequence; one form a file, policy_loss_*.h.
#ifndef HONE_TRAINER_ALGORITHM_POLICY_LOSS_H_
#define HONE_TRAINER_ALGORITHM_POLICY_LOSS_H_

#include <vector>

#include "absl/types/span.h"
#include "config/experiment.h"

namespace hone {

// What a policy loss sees of a sequence, [tokens] each.
struct PolicySequence {
  absl::Span<const double> logprobs;      // logπ, of the policy that learns
  absl::Span<const double> old_logprobs;  // logπ_old, of the policy that the ratio is taken to
  double advantage = 0;
};

struct TokenLoss {
  double loss = 0;
  // Of the sum of the sequence's losses, with respect to this token's logπ.
  double gradient = 0;
  bool clipped = false;  // the clip took the gradient away
};

// algorithm.policy_loss says which. Departure of all: log-ratios are kept within log_ratio_limit;
// where that acts the ratio has no gradient.
std::vector<TokenLoss> PolicyLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_POLICY_LOSS_H_
