#include "trainer/algorithm/loss.h"

#include <vector>

#include "trainer/algorithm/kl.h"
#include "trainer/algorithm/policy_loss.h"

namespace hone {

LossTerms& LossTerms::operator+=(const LossTerms& other) {
  loss += other.loss;
  kl += other.kl;
  clipped += other.clipped;
  entropy += other.entropy;
  tokens += other.tokens;
  return *this;
}

LossTerms SequenceLoss(const AlgorithmSpec& algorithm, const PolicyTokens& tokens,
                       absl::Span<float> dlogprobs, absl::Span<float> dentropies) {
  const std::vector<double> logprobs(tokens.logprobs.begin(), tokens.logprobs.end());
  const std::vector<double> old(tokens.old_logprobs.begin(), tokens.old_logprobs.end());
  const std::vector<TokenLoss> policy = PolicyLoss(algorithm, {logprobs, old, tokens.advantage});
  LossTerms terms;
  for (size_t t = 0; t < policy.size(); ++t) {
    double loss = policy[t].loss, gradient = policy[t].gradient;
    if (!tokens.ref_logprobs.empty()) {
      const KlTerm kl = EstimateKl(logprobs[t], tokens.ref_logprobs[t]);
      loss += algorithm.kl_coefficient * kl.value;
      gradient += algorithm.kl_coefficient * kl.gradient;
      terms.kl += kl.value;
    }
    loss -= algorithm.entropy_coefficient * tokens.entropies[t];
    terms.loss += tokens.weight * loss;
    terms.clipped += policy[t].clipped;
    terms.entropy += tokens.entropies[t];
    dlogprobs[t] = static_cast<float>(tokens.weight * gradient);
    dentropies[t] = static_cast<float>(-tokens.weight * algorithm.entropy_coefficient);
  }
  terms.tokens = static_cast<int64_t>(policy.size());
  return terms;
}

}  // namespace hone
