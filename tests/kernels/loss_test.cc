#include "kernels/loss.h"

#include <algorithm>
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
  std::vector<RowSoftmax> softmax = std::vector<RowSoftmax>(kRows);
};

Result Forward(std::vector<float> logits) {
  Result result;
  LogProbRows(logits.data(), kRows, kVocab, kStride, kScale, kTargets.data(),
              result.logprobs.data(), result.entropies.data(), result.softmax.data());
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

// In tiles of any width, as a whole and with an odd end.
TEST(LogProbTileTest, GradientsAgreeWithDifferencesAndAreTheSameEverywhere) {
  const auto logits = RandomFloats(kRows * kStride, 1, 2.0f);
  const auto dlogprobs = RandomFloats(kRows, 2), dentropies = RandomFloats(kRows, 3);
  const Result result = Forward(logits);
  // [rows, vocab], put together from tiles of `width` columns.
  const auto gradient_in_tiles = [&](int64_t width, bool with_entropy) {
    std::vector<float> gradient(kRows * kVocab);
    for (int64_t first = 0; first < kVocab; first += width) {
      const int64_t columns = std::min(width, kVocab - first);
      std::vector<float> tile(kRows * columns);
      for (int64_t i = 0; i < kRows; ++i) {
        std::copy_n(logits.begin() + i * kStride + first, columns, tile.begin() + i * columns);
      }
      LogProbTileBackward(tile.data(), kRows, first, columns, kScale, kTargets.data(),
                          result.softmax.data(), result.entropies.data(), dlogprobs.data(),
                          with_entropy ? dentropies.data() : nullptr);
      for (int64_t i = 0; i < kRows; ++i) {
        std::copy_n(tile.begin() + i * columns, columns, gradient.begin() + i * kVocab + first);
      }
    }
    return gradient;
  };
  for (const bool with_entropy : {false, true}) {
    const std::vector<float> whole = gradient_in_tiles(kVocab, with_entropy);
    for (const int64_t width : {16, 20, 48}) {
      ForEachWayToRun(
          [&] { EXPECT_THAT(gradient_in_tiles(width, with_entropy), ElementsAreArray(whole)); });
    }
    const auto objective = [&](const std::vector<float>& at) {
      const Result there = Forward(at);
      double sum = 0;
      for (int i = 0; i < kRows; ++i) {
        sum += double{dlogprobs[i]} * there.logprobs[i];
        if (with_entropy) sum += double{dentropies[i]} * there.entropies[i];
      }
      return sum;
    };
    auto at = logits;
    constexpr float kStep = 1e-2f;
    for (int64_t i = 0; i < kRows; ++i) {
      for (int64_t j = 0; j < kVocab; ++j) {
        float& logit = at[i * kStride + j];
        const float middle = logit;
        logit = middle + kStep;
        const double up = objective(at);
        logit = middle - kStep;
        const double down = objective(at);
        logit = middle;
        EXPECT_NEAR(whole[i * kVocab + j], (up - down) / (2 * kStep), 2e-3) << i << ", " << j;
      }
    }
  }
}

TEST(LogProbRowsTest, IsTheNumberThatTheSamplerReports) {
  for (const float temperature : {1.0f, 0.6f, 1.7f}) {
    for (uint32_t position = 0; position < 50; ++position) {
      auto logits = RandomFloats(kStride, position, 5.0f);
      const SampledToken sampled =
          SampleToken(logits.data(), kVocab, {temperature, 0.9f, 20}, {1, 2, 3, position});
      float logprob, entropy;
      LogProbRows(logits.data(), 1, kVocab, kStride, LogitScale(temperature), &sampled.token,
                  &logprob, &entropy);
      EXPECT_EQ(logprob, sampled.logprob);
    }
  }
}

}  // namespace
}  // namespace hone
