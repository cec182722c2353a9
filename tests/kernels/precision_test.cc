#include "kernels/precision.h"

#include <bit>
#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(RoundToBFloat16, RoundsToNearestAndTiesToEven) {
  EXPECT_EQ(RoundToBFloat16(1.0f), 1.0f);
  EXPECT_EQ(RoundToBFloat16(1.0f + 0x1p-8f), 1.0f);                       // a tie, down to even
  EXPECT_EQ(RoundToBFloat16(1.0f + 0x3p-8f), 1.0f + 0x1p-6f);             // a tie, up to even
  EXPECT_EQ(RoundToBFloat16(1.0f + 0x1p-8f + 0x1p-20f), 1.0f + 0x1p-7f);  // just above a tie
  EXPECT_EQ(RoundToBFloat16(-1.0f - 0x1p-8f - 0x1p-20f), -1.0f - 0x1p-7f);
  EXPECT_EQ(RoundToBFloat16(0x1p-133f), 0x1p-133f);  // the smallest
  EXPECT_TRUE(std::signbit(RoundToBFloat16(-0.0f)));
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(RoundToBFloat16(std::numeric_limits<float>::max()), infinity);
  EXPECT_EQ(RoundToBFloat16(-infinity), -infinity);
  EXPECT_TRUE(std::isnan(RoundToBFloat16(std::bit_cast<float>(0x7fffffffu))));
}

}  // namespace
}  // namespace hone
