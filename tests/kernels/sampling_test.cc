#include "kernels/sampling.h"

#include <cmath>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "tests/kernels/numbers.h"

namespace hone {
namespace {

constexpr int kVocab = 21;

SampledToken Draw(const std::vector<float>& logits, const SampleOptions& options,
                  const SampleKey& key) {
  return SampleToken(logits.data(), kVocab, options, key);
}

std::vector<double> Probabilities(const std::vector<float>& logits, double temperature) {
  std::vector<double> p;
  double sum = 0;
  for (const float l : logits) {
    p.push_back(std::exp(l / temperature));
    sum += p.back();
  }
  for (double& x : p) x /= sum;
  return p;
}

TEST(SampleTokenTest, DrawsFromTheSoftmax) {
  const auto logits = RandomFloats(kVocab, 1, 2.0f);
  const double temperature = 0.8;
  const auto p = Probabilities(logits, temperature);
  const int draws = 100000;
  std::vector<int> counts(kVocab);
  for (uint32_t i = 0; i < draws; ++i) {
    const SampledToken sampled =
        Draw(logits, {static_cast<float>(temperature), 1.0f, 0}, {7, 11, i, i % 13});
    ++counts[sampled.token];
    ASSERT_NEAR(sampled.logprob, std::log(p[sampled.token]), 3e-6);
  }
  double chi_square = 0;
  for (int j = 0; j < kVocab; ++j) {
    chi_square += (counts[j] - draws * p[j]) * (counts[j] - draws * p[j]) / (draws * p[j]);
  }
  EXPECT_LT(chi_square, 45.3);  // 20 degrees of freedom: exceeded once in a thousand
}

TEST(SampleTokenTest, EveryPartOfTheKeyMatters) {
  const std::vector<float> logits(kVocab, 0.0f);
  const auto tokens = [&](auto key_of) {
    std::vector<int32_t> drawn;
    for (uint32_t i = 0; i < 40; ++i) drawn.push_back(Draw(logits, {}, key_of(i)).token);
    return drawn;
  };
  const auto base = tokens([](uint32_t i) { return SampleKey{1, 2, 3, i}; });
  EXPECT_EQ(base, tokens([](uint32_t i) { return SampleKey{1, 2, 3, i}; }));
  EXPECT_NE(base, tokens([](uint32_t i) { return SampleKey{9, 2, 3, i}; }));
  EXPECT_NE(base, tokens([](uint32_t i) { return SampleKey{1, 9, 3, i}; }));
  EXPECT_NE(base, tokens([](uint32_t i) { return SampleKey{1, 2, 9, i}; }));
  EXPECT_NE(base, tokens([](uint32_t i) { return SampleKey{1, 2, 3, i + 1}; }));
}

TEST(SampleTokenTest, GreedyTakesTheFirstOfTheMostLikely) {
  std::vector<float> logits(kVocab, 0.0f);
  logits[4] = logits[9] = 3.0f;
  const SampledToken sampled = Draw(logits, {0.0f, 1.0f, 0}, {});
  EXPECT_EQ(sampled.token, 4);
  EXPECT_NEAR(sampled.logprob, std::log(Probabilities(logits, 1.0)[4]), 1e-6);
}

TEST(SampleTokenTest, TopKAndTopPKeepTheMostLikelyAndReportTheFullSoftmax) {
  std::vector<float> logits(kVocab, -3.0f);
  logits[2] = 2.0f;
  logits[5] = 1.5f;
  logits[7] = 1.0f;
  const auto p = Probabilities(logits, 1.0);
  for (const SampleOptions options :
       {SampleOptions{1.0f, 1.0f, 2}, SampleOptions{1.0f, static_cast<float>(p[2] + 0.01), 0}}) {
    std::set<int32_t> seen;
    for (uint32_t i = 0; i < 500; ++i) {
      const SampledToken sampled = Draw(logits, options, {1, 1, i, 0});
      seen.insert(sampled.token);
      ASSERT_NEAR(sampled.logprob, std::log(p[sampled.token]), 3e-6);
    }
    EXPECT_EQ(seen, (std::set<int32_t>{2, 5}));
  }
}

TEST(SampleTokenTest, ATokenWithoutProbabilityIsNeverDrawn) {
  std::vector<float> logits(kVocab, -1.0e4f);
  logits[20] = 0.0f;
  for (uint32_t i = 0; i < 200; ++i) EXPECT_EQ(Draw(logits, {}, {1, 2, i, 3}).token, 20);
}

}  // namespace
}  // namespace hone
