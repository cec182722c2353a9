#include "kernels/loss.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/sampling.h"
#include "tests/kernels/numbers.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

constexpr int64_t kRows = 4, kVocab = 37, kStride = 48;
constexpr float kScale = 1.25f;
const std::vector<int32_t> kTargets = {0, 36, 5, 17};

struct Result {
  std::vector<float> logprobs = std::vector<float>(kRows);
  std::vector<float> entropies = std::vector<float>(kRows);
};

Result Forward(std::vector<float> logits) {
  Result result;
  LogProbRows(logits.data(), kRows, kVocab, kStride, kScale, kTargets.data(),
              result.logprobs.data(), result.entropies.data());
  return result;
}

TEST(LogProbRowsTest, MatchesTheFormula) {
  const auto logits = RandomFloats(kRows * kStride, 1, 9.0f);
  const Result result = Forward(logits);
  for (int i = 0; i < kRows; ++i) {
    double sum = 0, weighted = 0;
    for (int j = 0; j < kVocab; ++j) {
      const double z = double{kScale} * logits[i * kStride + j];
      sum += std::exp(z);
      weighted += std::exp(z) * z;
    }
    EXPECT_NEAR(result.logprobs[i], kScale * logits[i * kStride + kTargets[i]] - std::log(sum),
                4e-6);
    EXPECT_NEAR(result.entropies[i], std::log(sum) - weighted / sum, 4e-6);
  }
}

TEST(LogProbRowsTest, GradientsAgreeWithDifferencesAndAreTheSameEverywhere) {
  const auto logits = RandomFloats(kRows * kStride, 1, 2.0f);
  const auto dlogprobs = RandomFloats(kRows, 2), dentropies = RandomFloats(kRows, 3);
  for (const bool with_entropy : {false, true}) {
    std::vector<float> first;
    ForEachWayToRun([&] {
      auto gradient = logits;
      LogProbRowsBackward(gradient.data(), kRows, kVocab, kStride, kScale, kTargets.data(),
                          dlogprobs.data(), with_entropy ? dentropies.data() : nullptr);
      if (first.empty()) first = gradient;
      EXPECT_THAT(gradient, ElementsAreArray(first));
    });
    const auto objective = [&](const std::vector<float>& at) {
      const Result result = Forward(at);
      double sum = 0;
      for (int i = 0; i < kRows; ++i) {
        sum += double{dlogprobs[i]} * result.logprobs[i];
        if (with_entropy) sum += double{dentropies[i]} * result.entropies[i];
      }
      return sum;
    };
    auto at = logits;
    constexpr float kStep = 1e-2f;
    for (int64_t i = 0; i < kRows * kStride; ++i) {
      if (i % kStride >= kVocab) {
        EXPECT_EQ(first[i], 0.0f) << "the room behind the row";
        continue;
      }
      at[i] = logits[i] + kStep;
      const double up = objective(at);
      at[i] = logits[i] - kStep;
      const double down = objective(at);
      at[i] = logits[i];
      EXPECT_NEAR(first[i], (up - down) / (2 * kStep), 2e-3) << i;
    }
  }
}

TEST(LogProbRowsTest, IsTheNumberThatTheSamplerReports) {
  for (const float temperature : {1.0f, 0.6f, 1.7f}) {
    for (uint32_t position = 0; position < 50; ++position) {
      auto logits = RandomFloats(kStride, position, 5.0f);
      auto row = logits;
      const SampledToken sampled =
          SampleToken(row.data(), kVocab, {temperature, 0.9f, 20}, {1, 2, 3, position});
      float logprob, entropy;
      LogProbRows(logits.data(), 1, kVocab, kStride, LogitScale(temperature), &sampled.token,
                  &logprob, &entropy);
      EXPECT_EQ(logprob, sampled.logprob);
    }
  }
}

}  // namespace
}  // namespace hone
