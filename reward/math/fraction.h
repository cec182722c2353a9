// Exact fractions without a fixed size: FLINT's fmpq as a value. Small ones (62 bits) need no
// memory of their own. Operations that could grow without bound return nullopt beyond
// kMaxFractionBits.
#ifndef HONE_REWARD_MATH_FRACTION_H_
#define HONE_REWARD_MATH_FRACTION_H_

#include <flint/fmpq.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "reward/math/budget.h"

namespace hone::math {

inline constexpr int64_t kMaxFractionBits = 1 << 16;

class Fraction {
 public:
  Fraction() { fmpq_init(value_); }
  explicit Fraction(int64_t value) : Fraction() { fmpq_set_si(value_, value, 1); }
  Fraction(int64_t numerator, uint64_t denominator) : Fraction() {
    fmpq_set_si(value_, numerator, denominator);
  }
  Fraction(const Fraction& other) : Fraction() { fmpq_set(value_, other.value_); }
  Fraction(Fraction&& other) noexcept : Fraction() { fmpq_swap(value_, other.value_); }
  Fraction& operator=(const Fraction& other) {
    fmpq_set(value_, other.value_);
    return *this;
  }
  Fraction& operator=(Fraction&& other) noexcept {
    fmpq_swap(value_, other.value_);
    return *this;
  }
  ~Fraction() { fmpq_clear(value_); }

  // `digits` (decimal digits only, in `base` from 2 to 36) × 10^exponent. nullopt if it is too
  // large.
  static std::optional<Fraction> FromDigits(absl::string_view digits, int64_t exponent, int base,
                                            Budget* budget);

  static std::optional<Fraction> Add(const Fraction& a, const Fraction& b, Budget* budget);
  static std::optional<Fraction> Multiply(const Fraction& a, const Fraction& b, Budget* budget);
  // nullopt for 0 to a negative power as well.
  static std::optional<Fraction> Power(const Fraction& base, const Fraction& exponent,
                                       Budget* budget);
  // The exact root of degree `n` from 2, if it is rational; of a negative number for odd n only.
  static std::optional<Fraction> Root(const Fraction& value, int64_t n, Budget* budget);
  static std::optional<Fraction> Factorial(const Fraction& n, Budget* budget);
  static std::optional<Fraction> Binomial(const Fraction& n, const Fraction& k, Budget* budget);

  Fraction Negated() const;
  Fraction Inverse() const;  // of what is not 0
  Fraction Floor() const;
  Fraction Ceiling() const;

  int sign() const { return fmpq_sgn(value_); }
  bool is_zero() const { return fmpq_is_zero(value_) != 0; }
  bool is_one() const { return fmpq_is_one(value_) != 0; }
  bool is_integer() const { return fmpz_is_one(fmpq_denref(value_)) != 0; }
  // Whether its decimal expansion ends.
  bool Terminates() const;
  int64_t bits() const { return static_cast<int64_t>(fmpq_height_bits(value_)); }
  // The value of an integer that fits.
  std::optional<int64_t> ToInt() const;
  std::string ToString() const;  // "7", "-7/3"

  const fmpq* get() const { return value_; }
  fmpq* get() { return value_; }

  friend bool operator==(const Fraction& a, const Fraction& b) {
    return fmpq_equal(a.value_, b.value_) != 0;
  }
  friend bool operator<(const Fraction& a, const Fraction& b) {
    return fmpq_cmp(a.value_, b.value_) < 0;
  }

 private:
  fmpq_t value_;
};

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_FRACTION_H_
