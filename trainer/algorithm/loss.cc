#include "trainer/algorithm/loss.h"

#include <vector>

#include "trainer/algorithm/correction.h"
#include "trainer/algorithm/kl.h"
#include "trainer/algorithm/policy_loss.h"

namespace hone {

LossTerms& LossTerms::operator+=(const LossTerms& other) {
  loss += other.loss;
  kl += other.kl;
  clipped += other.clipped;
  entropy += other.entropy;
  correction += other.correction;
  tokens += other.tokens;
  return *this;
}

template <typename Real>
LossTerms SequenceLoss(const AlgorithmSpec& algorithm, const PolicyTokens<Real>& tokens,
                       absl::Span<Real> dlogprobs, absl::Span<Real> dentropies) {
  const std::vector<double> logprobs(tokens.logprobs.begin(), tokens.logprobs.end());
  const std::vector<double> old(tokens.old_logprobs.begin(), tokens.old_logprobs.end());
  const std::vector<TokenLoss> policy = PolicyLoss(algorithm, {logprobs, old, tokens.advantage});
  const double kl_coefficient = algorithm.kl_in == "loss" ? algorithm.kl_coefficient : 0;
  LossTerms terms;
  for (size_t t = 0; t < policy.size(); ++t) {
    double loss = policy[t].loss, gradient = policy[t].gradient, correction = 1;
    if (!tokens.rollout_logprobs.empty()) {
      correction = CorrectionWeight(algorithm, old[t], tokens.rollout_logprobs[t]);
      loss *= correction;
      gradient *= correction;
    }
    if (!tokens.ref_logprobs.empty()) {
      const KlTerm kl = EstimateKl(algorithm, logprobs[t], tokens.ref_logprobs[t]);
      loss += kl_coefficient * kl.value;
      gradient += kl_coefficient * kl.gradient;
      terms.kl += kl.value;
    }
    if (!tokens.entropies.empty()) {
      loss -= algorithm.entropy_coefficient * tokens.entropies[t];
      terms.entropy += tokens.entropies[t];
    }
    terms.loss += tokens.weight * loss;
    terms.clipped += policy[t].clipped;
    terms.correction += correction;
    dlogprobs[t] = static_cast<Real>(tokens.weight * gradient);
    dentropies[t] = static_cast<Real>(-tokens.weight * algorithm.entropy_coefficient);
  }
  terms.tokens = static_cast<int64_t>(policy.size());
  return terms;
}

template LossTerms SequenceLoss(const AlgorithmSpec&, const PolicyTokens<float>&, absl::Span<float>,
                                absl::Span<float>);
template LossTerms SequenceLoss(const AlgorithmSpec&, const PolicyTokens<double>&,
                                absl::Span<double>, absl::Span<double>);

}  // namespace hone
