#include "model/float_bits.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "base/philox.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

// All 65,536 numbers of a 16-bit type, NaNs with their payloads included, survive the way through
// fp32.
TEST(FloatBitsTest, EveryHalfNumberComesBack) {
  std::string bytes(2 << 16, '\0');
  for (int i = 0; i < 1 << 16; ++i) {
    bytes[2 * i] = static_cast<char>(i);
    bytes[2 * i + 1] = static_cast<char>(i >> 8);
  }
  for (const DType dtype : {DType::kBF16, DType::kF16}) {
    std::vector<float> values(1 << 16);
    ToFloats(dtype, bytes, absl::MakeSpan(values));
    EXPECT_EQ(FromFloats(dtype, values), bytes);
    EXPECT_TRUE(IsExactAs(dtype, values));
  }
}

uint16_t Half(DType dtype, float value) {
  const std::string bytes = FromFloats(dtype, {&value, 1});
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[0]) | static_cast<uint8_t>(bytes[1])
                                                                    << 8);
}

TEST(FloatBitsTest, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(Half(DType::kF16, 1 + 0x1p-11f), 0x3c00);
  EXPECT_EQ(Half(DType::kF16, 1 + 0x3p-11f), 0x3c02);
  EXPECT_EQ(Half(DType::kF16, 1 + 0x1p-11f + 0x1p-20f), 0x3c01);
  EXPECT_EQ(Half(DType::kF16, 65519.0f), 0x7bff);
  EXPECT_EQ(Half(DType::kF16, 65520.0f), 0x7c00);
  EXPECT_EQ(Half(DType::kF16, -1e30f), 0xfc00);
  EXPECT_EQ(Half(DType::kF16, 0x1p-25f), 0x0000);  // a tie between 0 and the smallest
  EXPECT_EQ(Half(DType::kF16, 0x1p-25f + 0x1p-40f), 0x0001);
  EXPECT_EQ(Half(DType::kF16, 0x3p-25f), 0x0002);              // a tie among subnormals
  EXPECT_EQ(Half(DType::kF16, -0x1p-14f + 0x1p-26f), 0x8400);  // rounds up to the smallest normal
  EXPECT_EQ(Half(DType::kF16, -0.0f), 0x8000);
  EXPECT_EQ(Half(DType::kBF16, 1 + 0x1p-8f), 0x3f80);
  EXPECT_EQ(Half(DType::kBF16, 1 + 0x3p-8f), 0x3f82);
  EXPECT_EQ(Half(DType::kBF16, std::numeric_limits<float>::max()), 0x7f80);
  const float nan = std::bit_cast<float>(0x7f800001u);  // whose payload is in the cut bits alone
  for (const DType dtype : {DType::kF16, DType::kBF16}) {
    float back = 0;
    ToFloats(dtype, FromFloats(dtype, {&nan, 1}), {&back, 1});
    EXPECT_TRUE(std::isnan(back));
  }
}

TEST(FloatBitsTest, TheNearestHalfIsFoundForRandomNumbers) {
  Random random(1, 2);
  for (int i = 0; i < 100000; ++i) {
    const float value =
        std::ldexp(2 * random.Uniform() - 1, static_cast<int>(random.Below(40)) - 26);
    const uint16_t half = Half(DType::kF16, value);
    const auto at = [](int bits) {
      const char bytes[2] = {static_cast<char>(bits), static_cast<char>(bits >> 8)};
      float result = 0;
      ToFloats(DType::kF16, {bytes, 2}, {&result, 1});
      return result;
    };
    if ((half & 0x7fff) >= 0x7bff) continue;
    const float error = std::abs(at(half) - value);
    EXPECT_LE(error, std::abs(at(half + 1) - value)) << value;
    if ((half & 0x7fff) != 0) {
      EXPECT_LE(error, std::abs(at(half - 1) - value)) << value;
    }
  }
}

TEST(FloatBitsTest, KnowsWhatATypeHoldsExactly) {
  EXPECT_TRUE(IsExactAs(DType::kF32, std::vector<float>{0.1f}));
  EXPECT_TRUE(IsExactAs(DType::kBF16, std::vector<float>{1.0f, -0.0f, 0x1p100f}));
  EXPECT_FALSE(IsExactAs(DType::kBF16, std::vector<float>{1.0f, 0.1f}));
  EXPECT_FALSE(IsExactAs(DType::kF16, std::vector<float>{0x1p100f}));
}

}  // namespace
}  // namespace hone
