#include "kernels/linear.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kernels/numbers.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

float RoundIf(Precision precision, float x) {
  return precision == Precision::kBFloat16 ? RoundToBFloat16(x) : x;
}

// The bits are those of a plain loop: product, bias, rounding, residual, rounding.
TEST(LinearTest, HasTheBitsOfItsDefinition) {
  const int64_t rows = 29, n = 37, k = 20;
  const auto x = RandomFloats(rows * k, 1), w = RandomFloats(n * k, 2), bias = RandomFloats(n, 3);
  const auto residual = RandomFloats(rows * n, 4);
  PackedMatrix packed;
  packed.PackTransposed(w.data(), n, k);
  std::vector<float> product(rows * n);
  MatMul({x.data(), k}, rows, packed, product.data(), n, Accumulate::kStore);
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
    for (const float* b : {static_cast<const float*>(nullptr), bias.data()}) {
      std::vector<float> expected(rows * n), expected_sum(rows * n);
      for (int64_t i = 0; i < rows * n; ++i) {
        expected[i] = RoundIf(precision, b == nullptr ? product[i] : product[i] + b[i % n]);
        expected_sum[i] = RoundIf(precision, residual[i] + expected[i]);
      }
      ForEachWayToRun([&] {
        const int64_t stride = n + 3;
        std::vector<float> y(rows * stride, 9.0f), sum = residual;
        Linear({x.data(), k}, rows, packed, b, precision, y.data(), stride);
        LinearAdd({x.data(), k}, rows, packed, b, precision, sum.data());
        EXPECT_THAT(sum, ElementsAreArray(expected_sum));
        for (int64_t i = 0; i < rows * stride; ++i) {
          const int64_t row = i / stride, column = i % stride;
          ASSERT_EQ(y[i], column < n ? expected[row * n + column] : 9.0f) << "element " << i;
        }
      });
    }
  }
}

TEST(LinearTest, BiasGradientAddsRowsInOrder) {
  const int64_t rows = 300, n = 37;
  const auto dy = RandomFloats(rows * n, 1), start = RandomFloats(n, 2);
  std::vector<float> expected = start;
  for (int64_t i = 0; i < rows * n; ++i) expected[i % n] += dy[i];
  ForEachWayToRun([&] {
    std::vector<float> dbias = start;
    // A batch that is cut somewhere gives the same sum.
    BiasGradient(dy.data(), 100, n, dbias.data());
    BiasGradient(dy.data() + 100 * n, rows - 100, n, dbias.data());
    EXPECT_THAT(dbias, ElementsAreArray(expected));
  });
}

}  // namespace
}  // namespace hone
