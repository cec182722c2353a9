// Whether an answer is the wanted one. The kinds of answers and what makes two of them equal stand
// in docs/rewards.md.
#ifndef HONE_REWARD_MATH_COMPARE_H_
#define HONE_REWARD_MATH_COMPARE_H_

#include "reward/math/equal.h"
#include "reward/math/node.h"

namespace hone::math {

bool SameAnswer(Ref wanted, Ref found, Equality* equality);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_COMPARE_H_
