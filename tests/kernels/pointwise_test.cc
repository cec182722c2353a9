#include "kernels/pointwise.h"

#include <cmath>
#include <functional>
#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kernels/numbers.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

// Σ dy·f(x), whose gradient by central differences checks a backward kernel.
double Objective(const std::vector<float>& dy, const std::vector<float>& y) {
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) sum += double{dy[i]} * y[i];
  return sum;
}

void ExpectGradient(std::vector<float> x, const std::vector<float>& gradient,
                    const std::function<double(const std::vector<float>&)>& objective) {
  constexpr float kStep = 1e-2f;
  for (size_t i = 0; i < x.size(); i += 3) {
    const float at = x[i];
    x[i] = at + kStep;
    const double up = objective(x);
    x[i] = at - kStep;
    const double down = objective(x);
    x[i] = at;
    // Central differences in fp32: truncation kStep², rounding 1e-6/kStep.
    EXPECT_NEAR(gradient[i], (up - down) / (2 * kStep), 3e-3) << "element " << i;
  }
}

TEST(RmsNormTest, MatchesTheFormulaWithTheSameBitsEverywhere) {
  for (const int n : {16, 24, 128, 136}) {
    const int rows = 5;
    const auto x = RandomFloats(rows * n, 1, 3.0f), w = RandomFloats(n, 2);
    std::vector<float> first;
    ForEachWayToRun([&] {
      std::vector<float> y(rows * n), inverse(rows);
      RmsNorm(x.data(), rows, n, w.data(), 1e-6f, y.data(), inverse.data());
      if (first.empty()) {
        first = y;
        for (int i = 0; i < rows * n; ++i) {
          double squares = 0;
          for (int j = 0; j < n; ++j) squares += double{x[i / n * n + j]} * x[i / n * n + j];
          EXPECT_NEAR(y[i], x[i] / std::sqrt(squares / n + 1e-6) * w[i % n], 2e-6);
        }
      }
      EXPECT_THAT(y, ElementsAreArray(first));
    });
  }
}

TEST(RmsNormTest, GradientAgreesWithDifferences) {
  const int rows = 3, n = 40;
  const auto x = RandomFloats(rows * n, 1), w = RandomFloats(n, 2), dy = RandomFloats(rows * n, 3);
  std::vector<float> y(rows * n), inverse(rows), dx(rows * n, 0.0f), dw(n, 0.0f);
  RmsNorm(x.data(), rows, n, w.data(), 1e-6f, y.data(), inverse.data());
  RmsNormBackward(dy.data(), x.data(), inverse.data(), rows, n, w.data(), dx.data(), dw.data());
  const auto objective = [&](const std::vector<float>& at_x, const std::vector<float>& at_w) {
    RmsNorm(at_x.data(), rows, n, at_w.data(), 1e-6f, y.data(), nullptr);
    return Objective(dy, y);
  };
  ExpectGradient(x, dx, [&](const auto& v) { return objective(v, w); });
  ExpectGradient(w, dw, [&](const auto& v) { return objective(x, v); });
}

TEST(RmsNormTest, RoundsTwiceInBFloat16) {
  const int rows = 3, n = 40;
  const auto x = RandomFloats(rows * n, 1, 3.0f), w = RandomFloats(n, 2);
  std::vector<float> y(rows * n), inverse(rows);
  ForEachWayToRun([&] {
    RmsNorm(x.data(), rows, n, w.data(), 1e-6f, y.data(), inverse.data(), Precision::kBFloat16);
    for (int i = 0; i < rows * n; ++i) {
      EXPECT_EQ(y[i], RoundToBFloat16(RoundToBFloat16(x[i] * inverse[i / n]) * w[i % n]));
    }
  });
}

TEST(NormRopeTest, RoundsEachOperationInBFloat16) {
  const HeadRows shape{4, 2, 24};
  const int n = shape.heads * shape.head_dim, half = shape.head_dim / 2;
  const RopeTable rope(shape.head_dim, 10000.0, 64, std::nullopt, Precision::kBFloat16);
  const std::vector<int32_t> positions = {0, 1, 40, 63};
  const auto x = RandomFloats(shape.tokens * n, 1);
  std::vector<float> y(shape.tokens * n);
  ForEachWayToRun([&] {
    NormRope(shape, x.data(), n, nullptr, 0, positions.data(), rope, y.data(), n, nullptr,
             Precision::kBFloat16);
    const auto product = [](float a, float b) { return RoundToBFloat16(a * b); };
    for (int row = 0; row < shape.tokens * shape.heads; ++row) {
      for (int j = 0; j < half; ++j) {
        const int at = positions[row / shape.heads] * half + j;
        const float a = x[row * shape.head_dim + j], b = x[row * shape.head_dim + half + j];
        EXPECT_EQ(y[row * shape.head_dim + j],
                  RoundToBFloat16(product(a, rope.cos[at]) - product(b, rope.sin[at])));
        EXPECT_EQ(y[row * shape.head_dim + half + j],
                  RoundToBFloat16(product(b, rope.cos[at]) + product(a, rope.sin[at])));
      }
    }
  });
}

TEST(SwiGluTest, RoundsTwiceInBFloat16) {
  const int rows = 3, n = 20;
  const auto x = RandomFloats(rows * 2 * n, 1, 3.0f);
  std::vector<float> ones = x, silu(rows * n), y(rows * n);
  for (int i = 0; i < rows * n; ++i) ones[i / n * 2 * n + n + i % n] = 1.0f;
  SwiGlu(ones.data(), rows, n, silu.data());
  ForEachWayToRun([&] {
    SwiGlu(x.data(), rows, n, y.data(), Precision::kBFloat16);
    for (int i = 0; i < rows * n; ++i) {
      const float up = x[i / n * 2 * n + n + i % n];
      EXPECT_EQ(y[i], RoundToBFloat16(RoundToBFloat16(silu[i]) * up));
    }
  });
}

void CheckNormRope(const HeadRows& shape) {
  const int n = shape.heads * shape.head_dim, stride = n + 6, half = shape.head_dim / 2;
  const RopeTable rope(shape.head_dim, 10000.0, 64);
  const std::vector<int32_t> positions = {0, 1, 2, 40, 41, 63};
  const auto x = RandomFloats(shape.tokens * stride, 1), w = RandomFloats(shape.head_dim, 2);
  const auto dy = RandomFloats(shape.tokens * n, 3);
  const auto forward = [&](const std::vector<float>& at_x, const float* at_w, float* inverse) {
    std::vector<float> y(shape.tokens * n);
    NormRope(shape, at_x.data(), stride, at_w, 1e-6f, positions.data(), rope, y.data(), n, inverse);
    return y;
  };

  const auto plain = forward(x, nullptr, nullptr);
  for (int t = 0; t < shape.tokens; ++t) {
    for (int j = 0; j < half; ++j) {
      const double angle = positions[t] * std::pow(10000.0, -2.0 * j / shape.head_dim);
      const double a = x[t * stride + j], b = x[t * stride + half + j];
      EXPECT_NEAR(plain[t * n + j], a * std::cos(angle) - b * std::sin(angle), 1e-5);
      EXPECT_NEAR(plain[t * n + half + j], b * std::cos(angle) + a * std::sin(angle), 1e-5);
    }
  }

  std::vector<float> inverse(shape.tokens * shape.heads), dx(shape.tokens * stride, 0.0f);
  std::vector<float> dw(shape.head_dim, 0.0f);
  forward(x, w.data(), inverse.data());
  NormRopeBackward(shape, dy.data(), n, x.data(), stride, w.data(), inverse.data(),
                   positions.data(), rope, dx.data(), stride, dw.data());
  ExpectGradient(x, dx,
                 [&](const auto& v) { return Objective(dy, forward(v, w.data(), nullptr)); });
  ExpectGradient(w, dw,
                 [&](const auto& v) { return Objective(dy, forward(x, v.data(), nullptr)); });
}

TEST(NormRopeTest, RotatesByPositionAndItsGradientAgreesWithDifferences) {
  CheckNormRope({6, 2, 32});
  CheckNormRope({6, 3, 10});
}

TEST(SwiGluTest, MatchesTheFormulaAlsoFarOut) {
  const int n = 24;
  std::vector<float> x(2 * n, 1.0f);
  const float gates[] = {-200, -90, -20, -1, 0, 1e-6f, 1, 20, 90, 200};
  for (int i = 0; i < 10; ++i) x[i] = gates[i];
  std::vector<float> first;
  ForEachWayToRun([&] {
    std::vector<float> y(n);
    SwiGlu(x.data(), 1, n, y.data());
    if (first.empty()) first = y;
    EXPECT_THAT(y, ElementsAreArray(first));
  });
  for (int i = 0; i < 10; ++i) {
    const double g = gates[i];
    EXPECT_NEAR(first[i], g / (1 + std::exp(-g)), 3e-7 * std::abs(g) + 1e-30) << g;
  }
}

TEST(SwiGluTest, GradientAgreesWithDifferences) {
  const int rows = 2, n = 20;
  const auto x = RandomFloats(rows * 2 * n, 1, 2.0f), dy = RandomFloats(rows * n, 2);
  std::vector<float> dx(rows * 2 * n), y(rows * n);
  SwiGluBackward(dy.data(), x.data(), rows, n, dx.data());
  ExpectGradient(x, dx, [&](const std::vector<float>& v) {
    SwiGlu(v.data(), rows, n, y.data());
    return Objective(dy, y);
  });
}

TEST(EmbedTest, GathersAndAddsBackRepeatedTokens) {
  const std::vector<float> table = {1, 2, 3, 4, 5, 6};  // 3 tokens of 2
  const std::vector<int32_t> tokens = {2, 0, 2};
  std::vector<float> y(6);
  Embed(table.data(), tokens.data(), 3, 2, y.data());
  EXPECT_THAT(y, testing::ElementsAre(5, 6, 1, 2, 5, 6));
  std::vector<float> dtable(6, 0.5f);
  EmbedBackward(y.data(), tokens.data(), 3, 2, dtable.data());
  EXPECT_THAT(dtable, testing::ElementsAre(1.5f, 2.5f, 0.5f, 0.5f, 10.5f, 12.5f));
}

}  // namespace
}  // namespace hone
