#include "kernels/optimizer.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kernels/numbers.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

TEST(SumOfSquaresTest, IsRightAndTheSameEverywhere) {
  const auto x = RandomFloats(100003, 1);
  double expected = 0;
  for (const float v : x) expected += double{v} * v;
  const double first = SumOfSquares(x.data(), static_cast<int64_t>(x.size()));
  EXPECT_NEAR(first, expected, 1e-6 * expected);
  ForEachWayToRun(
      [&] { EXPECT_EQ(SumOfSquares(x.data(), static_cast<int64_t>(x.size())), first); });
}

// Several steps against the formula in double.
TEST(AdamWTest, FollowsTheFormulaAndIsTheSameEverywhere) {
  const int n = 40001;
  const auto start = RandomFloats(n, 1);
  std::vector<double> w(start.begin(), start.end()), m(n), v(n);
  std::vector<std::vector<float>> gradients;
  const double lr = 0.01, beta1 = 0.9, beta2 = 0.95, eps = 1e-8, decay = 0.1, scale = 0.5;
  for (int t = 1; t <= 4; ++t) {
    gradients.push_back(RandomFloats(n, 100 + t));
    for (int i = 0; i < n; ++i) {
      const double g = scale * gradients.back()[i];
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      w[i] -= lr * decay * w[i];
      w[i] -= lr * (m[i] / (1 - std::pow(beta1, t))) /
              (std::sqrt(v[i] / (1 - std::pow(beta2, t))) + eps);
    }
  }
  std::vector<float> first;
  ForEachWayToRun([&] {
    std::vector<float> weights = start, moment1(n), moment2(n);
    for (int t = 1; t <= 4; ++t) {
      AdamW({0.01f, 0.9f, 0.95f, 1e-8f, 0.1f, t, 0.5f}, gradients[t - 1].data(), n, weights.data(),
            moment1.data(), moment2.data());
    }
    if (first.empty()) {
      first = weights;
      for (int i = 0; i < n; i += 7) EXPECT_NEAR(weights[i], w[i], 2e-5);
    }
    EXPECT_THAT(weights, ElementsAreArray(first));
  });
}

}  // namespace
}  // namespace hone
