// Exact fractions in 128 bits. An operation that would leave them says so; nothing is rounded.
#ifndef HONE_REWARD_RATIONAL_H_
#define HONE_REWARD_RATIONAL_H_

#include <cstdint>
#include <optional>
#include <string>

namespace hone {

class Rational {
 public:
  Rational() = default;
  explicit Rational(int64_t value) : numerator_(value) {}

  // nullopt when the result, in lowest terms or on the way there, does not fit.
  static std::optional<Rational> Add(const Rational& a, const Rational& b);
  static std::optional<Rational> Subtract(const Rational& a, const Rational& b);
  static std::optional<Rational> Multiply(const Rational& a, const Rational& b);
  // `b` must not be zero.
  static std::optional<Rational> Divide(const Rational& a, const Rational& b);

  bool is_zero() const { return numerator_ == 0; }
  std::string ToString() const;  // "24", "-7/2"

  friend bool operator==(const Rational&, const Rational&) = default;

 private:
  __extension__ using Int128 = __int128;

  static Int128 Gcd(Int128 a, Int128 b);

  // In lowest terms, the denominator positive.
  Int128 numerator_ = 0;
  Int128 denominator_ = 1;
};

}  // namespace hone

#endif  // HONE_REWARD_RATIONAL_H_
