// Estimates of the KL divergence to a reference policy from one sampled token (Schulman 2020,
// "Approximating KL divergence"), with d = logπ_ref − logπ:
//
//   k3 = exp(d) − d − 1
//
// Departure: in k3 d is kept within the limit of log-ratios; where that acts the gradient is 0.
#ifndef HONE_TRAINER_ALGORITHM_KL_H_
#define HONE_TRAINER_ALGORITHM_KL_H_

namespace hone {

struct KlTerm {
  double value = 0;
  double gradient = 0;  // with respect to logπ
};

KlTerm EstimateKl(double logprob, double ref_logprob);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_KL_H_
