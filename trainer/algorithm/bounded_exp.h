// The exponential of a log-ratio that is kept within ±limit, so that one broken token cannot make
// an infinity (log_ratio_limit; without one, the plain exponential).
#ifndef HONE_TRAINER_ALGORITHM_BOUNDED_EXP_H_
#define HONE_TRAINER_ALGORITHM_BOUNDED_EXP_H_

#include <algorithm>
#include <cmath>
#include <optional>

namespace hone {

struct BoundedExp {
  double exponent = 0;  // after the bound
  double value = 1;
  bool free = true;  // the bound did not act; where it does, the slope is 0
};

inline BoundedExp ExpWithin(double exponent, std::optional<double> limit) {
  const double bounded = limit ? std::clamp(exponent, -*limit, *limit) : exponent;
  return {bounded, std::exp(bounded), bounded == exponent};
}

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_BOUNDED_EXP_H_
