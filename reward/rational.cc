#include "reward/rational.h"

#include <algorithm>
#include <limits>

namespace hone {

Rational::Int128 Rational::Gcd(Int128 a, Int128 b) {
  if (a < 0) a = -a;
  if (b < 0) b = -b;
  while (b != 0) {
    const Int128 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

std::optional<Rational> Rational::Add(const Rational& a, const Rational& b) {
  // Over the least common denominator, which keeps the numbers small.
  const Int128 common = Gcd(a.denominator_, b.denominator_);
  const Int128 b_factor = a.denominator_ / common;
  const Int128 a_factor = b.denominator_ / common;
  Rational sum;
  Int128 left, right;
  if (__builtin_mul_overflow(a.numerator_, a_factor, &left) ||
      __builtin_mul_overflow(b.numerator_, b_factor, &right) ||
      __builtin_add_overflow(left, right, &sum.numerator_) ||
      __builtin_mul_overflow(a.denominator_, a_factor, &sum.denominator_)) {
    return std::nullopt;
  }
  // The one value that has no negative: Gcd and Subtract could not handle it.
  if (sum.numerator_ == std::numeric_limits<Int128>::min()) return std::nullopt;
  const Int128 factor = Gcd(sum.numerator_, sum.denominator_);
  sum.numerator_ /= factor;
  sum.denominator_ /= factor;
  return sum;
}

std::optional<Rational> Rational::Subtract(const Rational& a, const Rational& b) {
  Rational negative = b;
  negative.numerator_ = -b.numerator_;
  return Add(a, negative);
}

std::optional<Rational> Rational::Multiply(const Rational& a, const Rational& b) {
  // Reduced crosswise first, so that the product is in lowest terms and overflows only if it must.
  const Int128 ab = Gcd(a.numerator_, b.denominator_);
  const Int128 ba = Gcd(b.numerator_, a.denominator_);
  Rational product;
  if (__builtin_mul_overflow(a.numerator_ / ab, b.numerator_ / ba, &product.numerator_) ||
      __builtin_mul_overflow(a.denominator_ / ba, b.denominator_ / ab, &product.denominator_) ||
      product.numerator_ == std::numeric_limits<Int128>::min()) {
    return std::nullopt;
  }
  return product;
}

std::optional<Rational> Rational::Divide(const Rational& a, const Rational& b) {
  Rational inverse;
  inverse.numerator_ = b.numerator_ < 0 ? -b.denominator_ : b.denominator_;
  inverse.denominator_ = b.numerator_ < 0 ? -b.numerator_ : b.numerator_;
  return Multiply(a, inverse);
}

namespace {

template <typename Int>
std::string Digits(Int value) {
  const bool negative = value < 0;
  std::string digits;
  do {
    const int digit = static_cast<int>(value % 10);
    digits.push_back(static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    value /= 10;
  } while (value != 0);
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace

std::string Rational::ToString() const {
  if (denominator_ == 1) return Digits(numerator_);
  return Digits(numerator_) + "/" + Digits(denominator_);
}

}  // namespace hone
