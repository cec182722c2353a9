#include "reward/rational.h"

#include <numeric>
#include <optional>

#include "base/philox.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

Rational Ratio(int64_t a, int64_t b) { return *Rational::Divide(Rational(a), Rational(b)); }

TEST(Rational, IsKeptInLowestTermsWithAPositiveDenominator) {
  EXPECT_EQ(Ratio(6, 4), Ratio(3, 2));
  EXPECT_EQ(Ratio(-6, 4), Ratio(3, -2));
  EXPECT_EQ(Ratio(0, -5), Rational(0));
  EXPECT_EQ(Ratio(-7, 2).ToString(), "-7/2");
  EXPECT_EQ(Ratio(14, 7).ToString(), "2");
  EXPECT_EQ(Rational().ToString(), "0");
}

// Against plain integers over a common denominator.
TEST(Rational, FollowsTheRulesOfFractions) {
  Random random(1, 1);
  const auto draw = [&] { return static_cast<int64_t>(random.Below(201)) - 100; };
  for (int i = 0; i < 20000; ++i) {
    const int64_t a = draw(), c = draw();
    const int64_t b = random.Below(100) + 1, d = random.Below(100) + 1;
    const Rational x = Ratio(a, b), y = Ratio(c, d);
    EXPECT_EQ(*Rational::Add(x, y), Ratio(a * d + c * b, b * d));
    EXPECT_EQ(*Rational::Subtract(x, y), Ratio(a * d - c * b, b * d));
    EXPECT_EQ(*Rational::Multiply(x, y), Ratio(a * c, b * d));
    if (c != 0) {
      EXPECT_EQ(*Rational::Divide(x, y), Ratio(a * d, b * c));
    }
    EXPECT_EQ(*Rational::Subtract(*Rational::Add(x, y), y), x);
  }
}

TEST(Rational, SaysWhenItOverflows) {
  Rational power(1);
  int exponent = 0;
  while (const auto next = Rational::Multiply(power, Rational(2))) {
    power = *next;
    ++exponent;
  }
  EXPECT_EQ(exponent, 126);
  EXPECT_FALSE(Rational::Add(power, power).has_value());
  const Rational negative = *Rational::Subtract(Rational(0), power);
  EXPECT_FALSE(Rational::Add(negative, negative).has_value());
  EXPECT_FALSE(Rational::Multiply(negative, Rational(2)).has_value());
  const Rational tiny = *Rational::Divide(Rational(1), power);
  EXPECT_FALSE(Rational::Divide(tiny, Rational(3)).has_value());
  // What cancels does not overflow.
  EXPECT_EQ(*Rational::Multiply(power, tiny), Rational(1));
}

}  // namespace
}  // namespace hone
