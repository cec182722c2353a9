#include "kernels/matmul.h"

#include <cmath>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kernels/numbers.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

// The definition: one chain of fused multiply-adds in increasing k.
std::vector<float> Reference(const std::vector<float>& a, const std::vector<float>& w, int m, int k,
                             int n) {
  std::vector<float> c(m * n);
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      float sum = 0;
      for (int l = 0; l < k; ++l) sum = std::fma(a[i * k + l], w[j * k + l], sum);
      c[i * n + j] = sum;
    }
  }
  return c;
}

class MatMulShapes : public testing::TestWithParam<std::tuple<int, int, int>> {};

TEST_P(MatMulShapes, HasTheBitsOfTheDefinitionHoweverItRuns) {
  const auto [m, k, n] = GetParam();
  const auto a = RandomFloats(m * k, 1), w = RandomFloats(n * k, 2);
  const auto expected = Reference(a, w, m, k, n);
  ForEachWayToRun([&, m = m, k = k, n = n] {
    PackedMatrix packed;
    packed.PackTransposed(w.data(), n, k);
    std::vector<float> c(m * n, -1.0f);
    MatMul({a.data(), k}, m, packed, c.data(), n, Accumulate::kStore);
    EXPECT_THAT(c, ElementsAreArray(expected));
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, MatMulShapes,
                         testing::Values(std::tuple{1, 1, 1}, std::tuple{1, 64, 48},
                                         std::tuple{2, 33, 17}, std::tuple{3, 128, 272},
                                         std::tuple{5, 16, 260}, std::tuple{7, 40, 31},
                                         std::tuple{12, 64, 64}, std::tuple{13, 96, 40},
                                         std::tuple{64, 48, 100}, std::tuple{201, 32, 65}));

// The chain is the same where the processor takes two bfloat16 numbers at once.
TEST_P(MatMulShapes, HasTheBitsOfTheDefinitionInBFloat16) {
  const auto [m, k, n] = GetParam();
  auto a = RandomFloats(m * k, 1), w = RandomFloats(n * k, 2);
  for (float& x : a) x = RoundToBFloat16(x);
  for (float& x : w) x = RoundToBFloat16(x);
  const auto expected = Reference(a, w, m, k, n);
  ForEachWayToRun([&, m = m, k = k, n = n] {
    PackedMatrix packed;
    packed.PackTransposed(w.data(), n, k, Precision::kBFloat16);
    EXPECT_EQ(packed.has_pairs(), ActiveIsa() == Isa::kAvx512Bf16 && k % 2 == 0);
    std::vector<float> c(m * n, -1.0f);
    MatMul({a.data(), k}, m, packed, c.data(), n, Accumulate::kStore);
    EXPECT_THAT(c, ElementsAreArray(expected));
  });
}

TEST(MatMulTest, RowsDoNotDependOnTheirNumber) {
  const int k = 64, n = 80;
  const auto a = RandomFloats(200 * k, 1), w = RandomFloats(n * k, 2);
  PackedMatrix packed;
  packed.PackTransposed(w.data(), n, k);
  std::vector<float> all(200 * n), some(200 * n);
  MatMul({a.data(), k}, 200, packed, all.data(), n, Accumulate::kStore);
  for (const int m : {1, 2, 3, 4, 8, 11, 12, 13, 25, 47, 64, 97}) {
    MatMul({a.data(), k}, m, packed, some.data(), n, Accumulate::kStore);
    EXPECT_TRUE(std::equal(some.begin(), some.begin() + m * n, all.begin())) << m << " rows";
  }
}

TEST(MatMulTest, AddRoundsTheProductFirstAndChainContinues) {
  const int m = 9, k = 24, n = 20;
  const auto a = RandomFloats(m * k, 1), w = RandomFloats(n * k, 2), start = RandomFloats(m * n, 3);
  const auto product = Reference(a, w, m, k, n);
  PackedMatrix packed;
  packed.PackTransposed(w.data(), n, k);
  std::vector<float> added = start, chained = start;
  MatMul({a.data(), k}, m, packed, added.data(), n, Accumulate::kAdd);
  MatMul({a.data(), k}, m, packed, chained.data(), n, Accumulate::kChain);
  for (int i = 0; i < m * n; ++i) {
    EXPECT_EQ(added[i], start[i] + product[i]);
    float chain = start[i];
    for (int l = 0; l < k; ++l) chain = std::fma(a[i / n * k + l], w[i % n * k + l], chain);
    EXPECT_EQ(chained[i], chain);
  }
}

TEST(MatMulTest, PackTakesTheMatrixAsItLies) {
  const int m = 5, k = 19, n = 37;
  const auto a = RandomFloats(m * k, 1), b = RandomFloats(k * n, 2);
  PackedMatrix packed;
  packed.Pack(b.data(), k, n, n);
  std::vector<float> c(m * n);
  MatMul({a.data(), k}, m, packed, c.data(), n, Accumulate::kStore);
  for (int i = 0; i < m * n; ++i) {
    float sum = 0;
    for (int l = 0; l < k; ++l) sum = std::fma(a[i / n * k + l], b[l * n + i % n], sum);
    EXPECT_EQ(c[i], sum);
  }
}

TEST(MatMulTest, WeightGradientIsOneChainOverTheRowsAcrossItsBlocks) {
  const int rows = 1100, n = 21, k = 34;  // more than two blocks of 512
  const auto dy = RandomFloats(rows * n, 1), x = RandomFloats(rows * k, 2);
  const auto start = RandomFloats(n * k, 3);
  std::vector<float> expected = start;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < k; ++j) {
      for (int r = 0; r < rows; ++r) {
        expected[i * k + j] = std::fma(dy[r * n + i], x[r * k + j], expected[i * k + j]);
      }
    }
  }
  ForEachWayToRun([&] {
    std::vector<float> dw = start;
    MatMulWeightGradient(dy.data(), x.data(), rows, n, k, dw.data());
    EXPECT_THAT(dw, ElementsAreArray(expected));
  });
}

}  // namespace
}  // namespace hone
