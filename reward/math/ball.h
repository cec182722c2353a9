// A complex number with a proven bound on its error: Arb's acb as a value.
#ifndef HONE_REWARD_MATH_BALL_H_
#define HONE_REWARD_MATH_BALL_H_

#include <acb.h>

#include "reward/math/fraction.h"

namespace hone::math {

class Ball {
 public:
  Ball() { acb_init(value_); }
  Ball(const Ball& other) : Ball() { acb_set(value_, other.value_); }
  Ball(Ball&& other) noexcept : Ball() { acb_swap(value_, other.value_); }
  Ball& operator=(const Ball& other) {
    acb_set(value_, other.value_);
    return *this;
  }
  Ball& operator=(Ball&& other) noexcept {
    acb_swap(value_, other.value_);
    return *this;
  }
  ~Ball() { acb_clear(value_); }

  static Ball FromFraction(const Fraction& fraction, int precision_bits) {
    Ball ball;
    acb_set_fmpq(ball.value_, fraction.get(), precision_bits);
    return ball;
  }

  bool finite() const { return acb_is_finite(value_) != 0; }
  bool real() const { return arb_is_zero(acb_imagref(value_)) != 0; }

  acb_ptr get() { return value_; }
  acb_srcptr get() const { return value_; }

 private:
  acb_t value_;
};

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_BALL_H_
