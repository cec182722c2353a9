// The value of a tree: exactly, where it is a fraction, and else enclosed by a ball.
#ifndef HONE_REWARD_MATH_EVALUATE_H_
#define HONE_REWARD_MATH_EVALUATE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "reward/math/ball.h"
#include "reward/math/node.h"

namespace hone::math {

// The value as a fraction. nullopt for what is none, has variables, or is too large.
std::optional<Fraction> Exact(Ref node, Budget* budget);

// Where and how a tree is evaluated.
struct Point {
  uint64_t seed = 0;  // with a variable's name it gives the variable's value
  enum class Region { kAnywhere, kPositive, kUnit, kInteger } region = Region::kPositive;
  int precision_bits = 128;
  bool common_logarithm = false;  // \log without a base: of base 10, else natural
};

// An enclosure of the value at the point. Variables are real; a percentage is its hundredth,
// degrees are radians; an odd root of a negative number is real. nullopt where it is not defined,
// for what is no number (a list, a set), or when the budget is spent.
std::optional<Ball> Enclose(Ref node, const Point& point, Budget* budget);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_EVALUATE_H_
