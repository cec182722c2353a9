// Whether two expressions have the same value.
//
// Exactly where both are fractions. Else by enclosure (evaluate.h): disjoint balls prove that they
// differ; balls that overlap at 1,024 bits, each with few bits of error, are taken for equal. With
// variables this is done at several points whose coordinates depend on the seed; points where a
// side is not real are passed over unless there is no other.
//
// A decimal of at least four significant digits (or as many as SetMinDigits says) stands for the
// value that rounds to it, if that value itself has no such ending: 0.3333 for 1/3, 1.4142 for
// \sqrt{2}; not 1.031 for 33/32. From ten digits on the last may be off by one.
#ifndef HONE_REWARD_MATH_EQUAL_H_
#define HONE_REWARD_MATH_EQUAL_H_

#include <cstdint>
#include <optional>

#include "reward/math/evaluate.h"
#include "reward/math/node.h"

namespace hone::math {

class Equality {
 public:
  Equality(Arena* arena, uint64_t seed) : arena_(arena), seed_(seed) {}

  bool SameValue(Ref a, Ref b);
  // Whether a = c·b for a constant c ≠ 0, or c > 0.
  bool Proportional(Ref a, Ref b, bool positive);
  // The sign of a - b for real constants; ±∞ are among them. nullopt if it cannot be told.
  std::optional<int> Compare(Ref a, Ref b);

  Arena* arena() { return arena_; }
  Budget* budget() { return arena_->budget(); }
  // Significant digits that a rounded decimal needs from now on; 0: none is accepted.
  void SetMinDigits(int digits) { min_digits_ = digits; }
  // \log without a base has base 10 from now on.
  void UseCommonLogarithm(bool common) { common_logarithm_ = common; }

 private:
  enum class Verdict { kSame, kDifferent, kUnknown };

  Verdict CompareAt(Ref a, Ref b, const Point& point, bool real_only);
  bool SameWithVariables(Ref a, Ref b);
  bool SameConstants(Ref a, Ref b);
  bool RoundsTo(Ref exact, Ref decimal);
  Point PointNumber(int index) const;

  Arena* arena_;
  uint64_t seed_;
  bool common_logarithm_ = false;
  int min_digits_ = 4;
};

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_EQUAL_H_
