#include "trainer/algorithm/correction.h"

#include <algorithm>

#include "trainer/algorithm/bounded_exp.h"

namespace hone {

double CorrectionWeight(const AlgorithmSpec& algorithm, double old_logprob,
                        double rollout_logprob) {
  if (algorithm.correction == "none") return 1;
  const double low = algorithm.correction_low, high = algorithm.correction_high;
  const double weight = ExpWithin(old_logprob - rollout_logprob, algorithm.log_ratio_limit).value;
  if (algorithm.correction == "truncate") return std::clamp(weight, low, high);
  return weight >= low && weight <= high ? weight : 0;
}

}  // namespace hone
