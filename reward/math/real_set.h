// Sets of real numbers: finite unions of intervals and points, in one form each.
#ifndef HONE_REWARD_MATH_REAL_SET_H_
#define HONE_REWARD_MATH_REAL_SET_H_

#include <optional>
#include <vector>

#include "reward/math/equal.h"
#include "reward/math/node.h"

namespace hone::math {

struct Span {
  Ref low, high;  // constants; ±∞ as nodes
  bool low_closed = false, high_closed = false;
};
using RealSet = std::vector<Span>;  // ascending, with gaps between them

// The set that a tree says: an interval, a union, {…}, ℝ, an inequality whose one variable stands
// alone (-2 ≤ x < 7, |x| > 3, x ≠ 5), several of them joined by "and" or "or". nullopt for all
// else, also where an end depends on a variable. A pair in parentheses is an open interval.
std::optional<RealSet> ToRealSet(Ref node, Equality* equality);

// Whether the tree says a set of reals in any reading; a pair in parentheses may be a point.
bool IsDefinitelySet(Ref node);

bool SameSet(const RealSet& a, const RealSet& b, Equality* equality);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_REAL_SET_H_
