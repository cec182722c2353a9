// Estimates of the KL divergence to a reference policy from one sampled token (Schulman 2020,
// "Approximating KL divergence"), with d = logπ_ref − logπ:
//
//   k1 = −d,   k2 = d²/2,   k3 = exp(d) − d − 1
//
// As a term of the loss, each is differentiated as it stands. Departure: in k3 d is kept within
// log_ratio_limit; where that acts the gradient is 0.
#ifndef HONE_TRAINER_ALGORITHM_KL_H_
#define HONE_TRAINER_ALGORITHM_KL_H_

#include "absl/types/span.h"
#include "config/experiment.h"

namespace hone {

struct KlTerm {
  double value = 0;
  double gradient = 0;  // with respect to logπ
};

// algorithm.kl_estimator says which.
KlTerm EstimateKl(const AlgorithmSpec& algorithm, double logprob, double ref_logprob);

// With kl_in: reward, what is taken off a sample's reward: kl_coefficient · Σ_t KL, of the policy
// that the ratio is taken to. [tokens] both; Real is float or double.
template <typename Real>
double KlPenalty(const AlgorithmSpec& algorithm, absl::Span<const Real> old_logprobs,
                 absl::Span<const Real> ref_logprobs);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_KL_H_
