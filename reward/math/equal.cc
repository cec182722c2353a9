#include "reward/math/equal.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace hone::math {
namespace {

constexpr int kQuickBits = 128;
constexpr int kThoroughBits = 1024;
constexpr int kDigitsWithSlack = 10;
constexpr int kMaxPlaces = 60;  // a rounding to more would be none

// The points that two expressions must agree at. Integers are among them for the sake of (-1)^n.
constexpr Point::Region kRegions[] = {Point::Region::kPositive, Point::Region::kAnywhere,
                                      Point::Region::kPositive, Point::Region::kUnit,
                                      Point::Region::kAnywhere, Point::Region::kInteger,
                                      Point::Region::kInteger,  Point::Region::kUnit};
constexpr int kMinPoints = 2;  // of those, that both sides are defined at

bool HasSymbols(Ref node, Budget* budget) {
  std::vector<std::string> symbols;
  CollectSymbols(node, budget, &symbols);
  return !symbols.empty();
}

// 1 for ∞, -1 for -∞, 0 for all else.
int Infinity(Ref node) {
  if (node->kind == Kind::kConstant && node->text == "inf") return 1;
  const bool negative = node->kind == Kind::kMultiply && node->args.size() == 2 &&
                        IsNumber(node->args[0], -1) && node->args[1]->kind == Kind::kConstant &&
                        node->args[1]->text == "inf";
  return negative ? -1 : 0;
}

// Digits from the first that is not 0.
int SignificantDigits(Ref decimal) {
  // value × 10^places is the integer of the digits as they were written.
  Fraction scaled = decimal->number;
  for (int i = 0; i < decimal->places; ++i) {
    fmpq_mul(scaled.get(), scaled.get(), Fraction(10).get());
  }
  const std::string text = scaled.ToString();
  return static_cast<int>(text.size()) - (text[0] == '-' ? 1 : 0);
}

// A decimal literal, also with its sign apart.
bool IsDecimal(Ref node) {
  return node->kind == Kind::kNumber && node->places > 0 && node->places <= kMaxPlaces;
}

}  // namespace

Point Equality::PointNumber(int index) const {
  Point point;
  point.seed = Mix64(seed_ + static_cast<uint64_t>(index));
  point.region = kRegions[index];
  point.precision_bits = kQuickBits;
  point.common_logarithm = common_logarithm_;
  return point;
}

Equality::Verdict Equality::CompareAt(Ref a, Ref b, const Point& point, bool real_only) {
  const std::optional<Ball> left = Enclose(a, point, budget());
  if (!left) return Verdict::kUnknown;
  const std::optional<Ball> right = Enclose(b, point, budget());
  if (!right) return Verdict::kUnknown;
  if (real_only && (!left->real() || !right->real())) return Verdict::kUnknown;
  Ball difference;
  acb_sub(difference.get(), left->get(), right->get(), point.precision_bits);
  if (acb_contains_zero(difference.get()) == 0) return Verdict::kDifferent;
  // Overlap says something only if the balls are small: relative to the value, or to 1 around 0.
  const int wanted = point.precision_bits / 2;
  mag_t error, size;
  mag_init(error);
  mag_init(size);
  mag_hypot(error, arb_radref(acb_realref(difference.get())),
            arb_radref(acb_imagref(difference.get())));
  acb_get_mag_lower(size, right->get());
  if (mag_is_zero(size) != 0) mag_one(size);
  mag_mul_2exp_si(size, size, -wanted);
  const bool tight = mag_cmp(error, size) <= 0;
  mag_clear(error);
  mag_clear(size);
  return tight ? Verdict::kSame : Verdict::kUnknown;
}

bool Equality::SameConstants(Ref a, Ref b) {
  Point point = PointNumber(0);
  if (CompareAt(a, b, point, /*real_only=*/false) == Verdict::kDifferent) return false;
  point.precision_bits = kThoroughBits;
  return CompareAt(a, b, point, /*real_only=*/false) == Verdict::kSame;
}

bool Equality::SameWithVariables(Ref a, Ref b) {
  for (const bool real_only : {true, false}) {
    int same = 0;
    for (int i = 0; i < static_cast<int>(std::size(kRegions)); ++i) {
      const Verdict verdict = CompareAt(a, b, PointNumber(i), real_only);
      if (verdict == Verdict::kDifferent) return false;
      if (verdict == Verdict::kSame) ++same;
      if (budget()->exhausted()) return false;
    }
    if (same >= kMinPoints) return true;
  }
  return false;
}

bool Equality::RoundsTo(Ref exact, Ref decimal) {
  if (min_digits_ == 0 || IsDecimal(exact)) return false;
  if (SignificantDigits(decimal) < min_digits_) return false;
  const std::optional<Fraction> fraction = Exact(exact, budget());
  if (fraction && fraction->Terminates()) return false;
  // |exact - decimal| ≤ 1/2 (or 1) unit of the last digit
  Fraction unit(1);
  for (int i = 0; i < decimal->places; ++i) {
    fmpq_div(unit.get(), unit.get(), Fraction(10).get());
  }
  if (SignificantDigits(decimal) < kDigitsWithSlack) {
    fmpq_div(unit.get(), unit.get(), Fraction(2).get());
  }
  const Point point = PointNumber(0);
  const std::optional<Ball> value = Enclose(exact, point, budget());
  if (!value || !value->real()) return false;
  Ball error, bound = Ball::FromFraction(unit, kQuickBits);
  const Ball written = Ball::FromFraction(decimal->number, kQuickBits);
  acb_sub(error.get(), value->get(), written.get(), kQuickBits);
  arb_abs(acb_realref(error.get()), acb_realref(error.get()));
  return arb_le(acb_realref(error.get()), acb_realref(bound.get())) != 0;
}

bool Equality::SameValue(Ref a, Ref b) {
  if (a == nullptr || b == nullptr || budget()->exhausted()) return false;
  const std::optional<Fraction> left = Exact(a, budget());
  const std::optional<Fraction> right = left ? Exact(b, budget()) : std::nullopt;
  if (left && right && *left == *right) return true;
  if (IsDecimal(a) != IsDecimal(b) && RoundsTo(IsDecimal(a) ? b : a, IsDecimal(a) ? a : b)) {
    return true;
  }
  if (left && right) return false;
  if (Infinity(a) != 0 || Infinity(b) != 0) return Infinity(a) == Infinity(b);
  if (!HasSymbols(a, budget()) && !HasSymbols(b, budget())) return SameConstants(a, b);
  return SameWithVariables(a, b);
}

bool Equality::Proportional(Ref a, Ref b, bool positive) {
  if (a == nullptr || b == nullptr) return false;
  // a(p)·b(0) = a(0)·b(p) at all points p, for a point 0 where b is not 0.
  std::optional<Ball> a0, b0;
  int same = 0;
  for (int i = 0; i < static_cast<int>(std::size(kRegions)); ++i) {
    const Point point = PointNumber(i);
    std::optional<Ball> left = Enclose(a, point, budget());
    std::optional<Ball> right = left ? Enclose(b, point, budget()) : std::nullopt;
    if (!right || acb_contains_zero(right->get()) != 0 || acb_contains_zero(left->get()) != 0) {
      continue;
    }
    if (!a0) {
      a0 = *std::move(left);
      b0 = *std::move(right);
      if (positive) {
        Ball ratio;
        acb_div(ratio.get(), a0->get(), b0->get(), kQuickBits);
        if (!ratio.real() || arb_is_positive(acb_realref(ratio.get())) == 0) return false;
      }
      continue;
    }
    acb_mul(left->get(), left->get(), b0->get(), kQuickBits);
    acb_mul(right->get(), right->get(), a0->get(), kQuickBits);
    acb_sub(left->get(), left->get(), right->get(), kQuickBits);
    if (acb_contains_zero(left->get()) == 0) return false;
    if (acb_rel_accuracy_bits(right->get()) > kQuickBits / 2) ++same;
  }
  return same >= kMinPoints;
}

std::optional<int> Equality::Compare(Ref a, Ref b) {
  const int left_infinity = Infinity(a), right_infinity = Infinity(b);
  if (left_infinity != 0 || right_infinity != 0) {
    return (left_infinity > right_infinity) - (left_infinity < right_infinity);
  }
  if (HasSymbols(a, budget()) || HasSymbols(b, budget())) return std::nullopt;
  if (SameValue(a, b)) return 0;
  const std::optional<Fraction> left = Exact(a, budget()), right = Exact(b, budget());
  if (left && right) return *left < *right ? -1 : 1;
  const Point point = PointNumber(0);
  const std::optional<Ball> x = Enclose(a, point, budget()), y = Enclose(b, point, budget());
  if (!x || !y || !x->real() || !y->real()) return std::nullopt;
  if (arb_lt(acb_realref(x->get()), acb_realref(y->get())) != 0) return -1;
  if (arb_gt(acb_realref(x->get()), acb_realref(y->get())) != 0) return 1;
  return std::nullopt;
}

}  // namespace hone::math
