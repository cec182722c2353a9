// Group advantages and the clipped policy-gradient loss of GRPO (Shao et al. 2024, arXiv
// 2402.03300; DeepSeek-R1, arXiv 2501.12948), on plain numbers: no torch. The loss is a sum over
// tokens with weights that are known before any log-prob is, so its gradient with respect to each
// token's log-prob is local:
//
//   loss = Σ_i Σ_t w_i · [ −min(ρ·A_i, clip(ρ, 1−ε_low, 1+ε_high)·A_i) + β·k3 − η·H ]
//   ρ = exp(logπ − logπ_old),  k3 = exp(d) − d − 1 with d = logπ_ref − logπ  (Schulman 2020)
//
// H is the entropy of the full softmax at the sampling temperature.
//
// Denominators, over the minibatch of N sequences that the verifier judged, equal-reward groups
// included (a group without advantage adds nothing, but counts):
//   token_mean     w_i = 1 / Σ_j |o_j|     (DAPO, arXiv 2503.14476)
//   sequence_mean  w_i = 1 / (N·|o_i|)     (GRPO)
//
// Departures: Δ = logπ − logπ_old and d are clamped to ±20, so that one broken token cannot make
// an infinity; where the clamp acts the gradient is zero. A group of one, or of equal rewards, has
// advantage 0. The standard deviation is unbiased (G−1).
#ifndef HONE_TRAINER_LOSS_H_
#define HONE_TRAINER_LOSS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "config/experiment.h"

namespace hone {

// (r − mean)/(std + epsilon) within one group.
std::vector<double> GroupAdvantages(absl::Span<const double> rewards, double std_epsilon);

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
  double kl = 0;       // Σ k3
  double clipped = 0;  // tokens whose gradient the clip removed
  double entropy = 0;  // Σ H
  int64_t tokens = 0;

  LossTerms& operator+=(const LossTerms& other);
};

// Writes the gradient of the loss with respect to logprobs and entropies (both [tokens]).
LossTerms PolicyLoss(const AlgorithmSpec& algorithm, const PolicyTokens& tokens,
                     absl::Span<float> dlogprobs, absl::Span<float> dentropies);

// w_i of each sequence, for completions of these lengths.
std::vector<double> SequenceWeights(const AlgorithmSpec& algorithm,
                                    absl::Span<const int64_t> lengths);

}  // namespace hone

#endif  // HONE_TRAINER_LOSS_H_
