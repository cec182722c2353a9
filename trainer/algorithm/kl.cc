#include "trainer/algorithm/kl.h"

#include "trainer/algorithm/bounded_exp.h"

namespace hone {

KlTerm EstimateKl(const AlgorithmSpec& algorithm, double logprob, double ref_logprob) {
  const double d = ref_logprob - logprob;
  if (algorithm.kl_estimator == "k1") return {-d, 1};
  if (algorithm.kl_estimator == "k2") return {d * d / 2, -d};
  const BoundedExp e = ExpWithin(d, algorithm.log_ratio_limit);
  return {e.value - e.exponent - 1, e.free ? 1 - e.value : 0};
}

template <typename Real>
double KlPenalty(const AlgorithmSpec& algorithm, absl::Span<const Real> old_logprobs,
                 absl::Span<const Real> ref_logprobs) {
  double sum = 0;
  for (size_t t = 0; t < old_logprobs.size(); ++t) {
    sum += EstimateKl(algorithm, old_logprobs[t], ref_logprobs[t]).value;
  }
  return algorithm.kl_coefficient * sum;
}

template double KlPenalty(const AlgorithmSpec&, absl::Span<const float>, absl::Span<const float>);
template double KlPenalty(const AlgorithmSpec&, absl::Span<const double>, absl::Span<const double>);

}  // namespace hone
