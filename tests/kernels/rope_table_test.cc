#include "kernels/rope_table.h"

#include <cmath>
#include <numbers>

#include "gtest/gtest.h"

namespace hone {
namespace {

// The formula of the header in double.
double Llama3(double f, const Llama3Scaling& s) {
  const double wavelength = 2 * std::numbers::pi / f;
  const double context = static_cast<double>(s.original_max_positions);
  if (wavelength > context / s.low_freq_factor) return f / s.factor;
  if (wavelength < context / s.high_freq_factor) return f;
  const double smooth =
      (context / wavelength - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor);
  return (1 - smooth) * f / s.factor + smooth * f;
}

TEST(RopeTableTest, MatchesTheFormula) {
  const int dim = 48;
  const Llama3Scaling scaling{8, 1, 4, 512};
  int scaled = 0, smoothed = 0;
  for (const bool llama : {false, true}) {
    const RopeTable table(dim, 5e5, 1025,
                          llama ? std::optional<Llama3Scaling>(scaling) : std::nullopt);
    ASSERT_EQ(table.cos.size(), 1025u * 24);
    for (int i = 0; i < 24; ++i) {
      const double plain = std::pow(5e5, -2.0 * i / dim);
      const double frequency = llama ? Llama3(plain, scaling) : plain;
      if (llama && frequency == plain / 8) ++scaled;
      if (llama && frequency != plain && frequency != plain / 8) ++smoothed;
      for (const int p : {0, 1, 37, 1024}) {
        // fp32 frequencies and angles: 2^-23 relative each, on angles up to 1024.
        EXPECT_NEAR(table.cos[p * 24 + i], std::cos(p * frequency), 2.5e-4) << p << " " << i;
        EXPECT_NEAR(table.sin[p * 24 + i], std::sin(p * frequency), 2.5e-4) << p << " " << i;
      }
    }
  }
  EXPECT_GT(scaled, 0);
  EXPECT_GT(smoothed, 0);
}

TEST(RopeTableTest, RoundsItsEntriesInBFloat16) {
  const RopeTable exact(16, 1e4, 40);
  const RopeTable rounded(16, 1e4, 40, std::nullopt, Precision::kBFloat16);
  for (size_t i = 0; i < exact.cos.size(); ++i) {
    EXPECT_EQ(rounded.cos[i], RoundToBFloat16(exact.cos[i]));
    EXPECT_EQ(rounded.sin[i], RoundToBFloat16(exact.sin[i]));
  }
}

}  // namespace
}  // namespace hone
