// Answers that say what they are of: x = 5, (p, q) = (3, 2), AB = 4, x ∈ [0, 1).
#ifndef HONE_REWARD_MATH_NAMED_H_
#define HONE_REWARD_MATH_NAMED_H_

#include <string>
#include <vector>

#include "reward/math/node.h"

namespace hone::math {

struct Named {
  Ref name = nullptr;  // null: none
  std::string key;     // of the name; "" for none
  Ref value = nullptr;
  Ref whole = nullptr;  // as it was written
};

// Takes a name off: of x = 5 + 1 = 6 ≈ 6.0 what stands behind the last "=" before an "≈". A name is
// a variable, a function of something, |AB|, a ratio or tuple of names; 2x + z = 1 has none.
Named SplitName(Ref node, Budget* budget);

// The parts of an answer: those of a list, each with its name, lists within lists and both values
// of ± written out. One for anything else. Empty: too many signs.
std::vector<Named> SplitAnswer(Ref node, Arena* arena);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_NAMED_H_
