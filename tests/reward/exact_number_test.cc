#include "reward/exact_number.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "base/philox.h"

namespace hone {
namespace {

TEST(ExactNumber, EqualNumbersHaveEqualParts) {
  const ExactNumber half(false, "1", 0, 2);
  EXPECT_EQ(half, ExactNumber(false, "5", -1, 1));
  EXPECT_EQ(half, ExactNumber(false, "000500", -3, 1));
  EXPECT_EQ(half, ExactNumber(false, "21", 0, 42));
  EXPECT_EQ(ExactNumber(false, "7", 0, 6), ExactNumber(false, "35", -1, 3));
  EXPECT_EQ(ExactNumber(true, "000", 5, 9), ExactNumber());
  EXPECT_NE(half, ExactNumber(true, "1", 0, 2));
  EXPECT_NE(half, ExactNumber(false, "5", -2, 1));
}

TEST(ExactNumber, ToStringIsShortAndOneForEachNumber) {
  EXPECT_EQ(ExactNumber().ToString(), "0");
  EXPECT_EQ(ExactNumber(true, "1500", 0, 1).ToString(), "-1500");
  EXPECT_EQ(ExactNumber(false, "15", -1, 1).ToString(), "1.5");
  EXPECT_EQ(ExactNumber(false, "5", -3, 1).ToString(), "0.005");
  EXPECT_EQ(ExactNumber(false, "14", 0, 6).ToString(), "7/3");
  EXPECT_EQ(ExactNumber(false, "1", 999999999, 1).ToString(), "1e999999999");
  EXPECT_EQ(ExactNumber(false, "1", -999999999, 1).ToString(), "1e-999999999");
  EXPECT_EQ(ExactNumber(false, "2", 0, 1).Shifted(3).ToString(), "2000");
  EXPECT_EQ(ExactNumber().Shifted(3), ExactNumber());
}

// Against cross-multiplication in 64 bits.
TEST(ExactNumber, EqualityIsThatOfFractions) {
  Random random(7, 0);
  int equal = 0;
  for (int i = 0; i < 200'000; ++i) {
    const int64_t a = random.Below(60), c = random.Below(60);
    const int64_t b = 1 + random.Below(60), d = 1 + random.Below(60);
    const bool same = a * d == b * c;
    equal += same;
    const ExactNumber left(false, std::to_string(a), 0, b), right(false, std::to_string(c), 0, d);
    ASSERT_EQ(left == right, same) << a << "/" << b << " " << c << "/" << d;
    ASSERT_EQ(left.ToString() == right.ToString(), same) << left.ToString();
  }
  EXPECT_GT(equal, 200);
}

TEST(ExactNumber, LargeDenominatorsAndManyDigits) {
  const uint64_t power = uint64_t{1} << 59;
  EXPECT_EQ(ExactNumber(false, std::to_string(power), 0, power), ExactNumber(false, "1", 0, 1));
  std::string digits(1000, '3');
  EXPECT_EQ(ExactNumber(false, digits, 0, 999999999999999999),
            ExactNumber(false, digits + "00", -2, 999999999999999999));
  EXPECT_EQ(ExactNumber(false, digits, 0, 3).ToString(), std::string(1000, '1'));
}

}  // namespace
}  // namespace hone
