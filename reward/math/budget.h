// What one judgement may cost, counted in steps and not by the clock, so that the same answer gets
// the same verdict on every machine. A step is some ten nanoseconds of work: one operation on small
// numbers. Whoever does more spends more, and in advance.
#ifndef HONE_REWARD_MATH_BUDGET_H_
#define HONE_REWARD_MATH_BUDGET_H_

#include <cstdint>

namespace hone::math {

class Budget {
 public:
  explicit Budget(int64_t steps) : left_(steps) {}

  // False when it is spent, also for all that comes later.
  bool Spend(int64_t steps) {
    left_ = steps > left_ ? 0 : left_ - steps;
    return left_ > 0;
  }
  bool exhausted() const { return left_ <= 0; }

 private:
  int64_t left_;
};

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_BUDGET_H_
