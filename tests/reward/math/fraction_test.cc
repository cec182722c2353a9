#include "reward/math/fraction.h"

#include <string>

#include "gtest/gtest.h"

namespace hone::math {
namespace {

TEST(Fraction, IsExact) {
  Budget budget(1'000'000);
  const Fraction third(1, 3), sixth(1, 6);
  EXPECT_EQ(Fraction::Add(third, sixth, &budget)->ToString(), "1/2");
  EXPECT_EQ(Fraction::Multiply(third, Fraction(-3), &budget)->ToString(), "-1");
  EXPECT_EQ(Fraction::Power(Fraction(2), Fraction(100), &budget)->ToString(),
            "1267650600228229401496703205376");
  EXPECT_EQ(Fraction::Power(Fraction(8), Fraction(-2, 3), &budget)->ToString(), "1/4");
  EXPECT_EQ(Fraction::Root(Fraction(-27), 3, &budget)->ToString(), "-3");
  EXPECT_EQ(Fraction::Factorial(Fraction(20), &budget)->ToString(), "2432902008176640000");
  EXPECT_EQ(Fraction::FromDigits("204", 0, 5, &budget)->ToString(), "54");
  EXPECT_EQ(Fraction::FromDigits("125", -2, 10, &budget)->ToString(), "5/4");
  EXPECT_EQ(Fraction(-7, 2).Floor().ToString(), "-4");
  EXPECT_EQ(Fraction(-7, 2).Ceiling().ToString(), "-3");
}

TEST(Fraction, HasNoValueWhereThereIsNone) {
  Budget budget(1'000'000);
  EXPECT_FALSE(Fraction::Power(Fraction(0), Fraction(-1), &budget).has_value());
  EXPECT_FALSE(Fraction::Root(Fraction(-4), 2, &budget).has_value());
  EXPECT_FALSE(Fraction::Root(Fraction(2), 2, &budget).has_value());
  EXPECT_FALSE(Fraction::Factorial(Fraction(1, 2), &budget).has_value());
}

TEST(Fraction, StaysWithinItsBounds) {
  Budget budget(1'000'000);
  EXPECT_FALSE(Fraction::Power(Fraction(9), Fraction(387420489), &budget).has_value());
  EXPECT_FALSE(Fraction::FromDigits("1", 999'999'999, 10, &budget).has_value());
  EXPECT_FALSE(Fraction::Factorial(Fraction(100'000'000), &budget).has_value());
  EXPECT_EQ(Fraction::Power(Fraction(1), Fraction(387420489), &budget)->ToString(), "1");
  Budget spent(0);
  EXPECT_FALSE(Fraction::Add(Fraction(1), Fraction(1), &spent).has_value());
}

TEST(Fraction, KnowsWhichDecimalsEnd) {
  EXPECT_TRUE(Fraction(33, 32).Terminates());
  EXPECT_TRUE(Fraction(7).Terminates());
  EXPECT_FALSE(Fraction(1, 3).Terminates());
  EXPECT_FALSE(Fraction(1, 60).Terminates());
}

}  // namespace
}  // namespace hone::math
