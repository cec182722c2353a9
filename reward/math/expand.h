// What stands for several values, or for a matrix, written out.
#ifndef HONE_REWARD_MATH_EXPAND_H_
#define HONE_REWARD_MATH_EXPAND_H_

#include <vector>

#include "reward/math/node.h"

namespace hone::math {

// The values of a tree with ±: two for each sign, which are independent unless a ∓ ties them. The
// tree itself if there is none; empty for more than three signs.
std::vector<Ref> ExpandSigns(Ref node, Arena* arena);

// Sums, products, powers and determinants of matrices carried out. The tree itself if it has none;
// null where the shapes do not fit.
Ref EvaluateMatrices(Ref node, Arena* arena);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_EXPAND_H_
