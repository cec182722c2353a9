// Variables without their names.
#ifndef HONE_REWARD_MATH_RENAME_H_
#define HONE_REWARD_MATH_RENAME_H_

#include "reward/math/node.h"

namespace hone::math {

// The tree with its variables numbered in the order in which they first stand there, so that x + 2y
// and a + 2b become the same. Names of functions stay.
Ref NumberVariables(Ref node, Arena* arena);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_RENAME_H_
