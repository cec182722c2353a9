#include "trainer/algorithm/loss.h"
#include "trainer/algorithm/advantage_grpo.h"
#include "trainer/algorithm/aggregation.h"

#include <cmath>
#include <fstream>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;

TEST(GroupAdvantagesTest, UsesTheUnbiasedDeviation) {
  // mean 0.5, variance 1/3.
  const double std = std::sqrt(1.0 / 3);
  EXPECT_THAT(
      GrpoAdvantages({1, 0, 1, 0}, 1e-6),
      ElementsAre(DoubleNear(0.5 / (std + 1e-6), 1e-12), DoubleNear(-0.5 / (std + 1e-6), 1e-12),
                  DoubleNear(0.5 / (std + 1e-6), 1e-12), DoubleNear(-0.5 / (std + 1e-6), 1e-12)));
}

TEST(GroupAdvantagesTest, IsZeroWithoutAnythingToCompare) {
  EXPECT_THAT(GrpoAdvantages({}, 1e-6), ElementsAre());
  EXPECT_THAT(GrpoAdvantages({0.7}, 1e-6), ElementsAre(0.0));
  // 0.1·3 does not have an exact mean: still nothing.
  EXPECT_THAT(GrpoAdvantages({0.1, 0.1, 0.1}, 1e-6), Each(0.0));
}

TEST(SequenceWeightsTest, FollowTheAggregation) {
  AlgorithmSpec algorithm;
  EXPECT_THAT(SequenceWeights(algorithm, {2, 6}), ElementsAre(1.0 / 8, 1.0 / 8));
  algorithm.aggregation = "sequence_mean";
  EXPECT_THAT(SequenceWeights(algorithm, {2, 6}), ElementsAre(1.0 / 4, 1.0 / 12));
}

// What tests/trainer/golden/make_policy_loss.py computed with PyTorch's autograd in fp64.
TEST(PolicyLossTest, LossAndGradientAgreeWithPyTorch) {
  std::ifstream file(HONE_SOURCE_DIR "/tests/trainer/golden/policy_loss.json");
  ASSERT_TRUE(file.good());
  const auto cases = nlohmann::json::parse(file);
  ASSERT_GE(cases.size(), 8u);
  for (const auto& golden : cases) {
    SCOPED_TRACE(golden.at("name").get<std::string>());
    AlgorithmSpec algorithm;
    algorithm.clip_low = golden.at("clip_low");
    algorithm.clip_high = golden.at("clip_high");
    algorithm.kl_coefficient = golden.at("kl_coefficient");
    algorithm.entropy_coefficient = golden.at("entropy_coefficient");
    algorithm.aggregation = golden.at("aggregation");
    const auto rows = [&](const char* key) {
      return golden.at(key).get<std::vector<std::vector<float>>>();
    };
    const auto logprobs = rows("logprobs"), old = rows("old_logprobs"), ref = rows("ref_logprobs");
    const auto entropies = rows("entropies"), gradient = rows("gradient");
    const auto advantages = golden.at("advantages").get<std::vector<double>>();
    std::vector<int64_t> lengths;
    for (const auto& row : logprobs) lengths.push_back(static_cast<int64_t>(row.size()));
    const auto weights = SequenceWeights(algorithm, lengths);
    LossTerms terms;
    for (size_t i = 0; i < logprobs.size(); ++i) {
      std::vector<float> dlogprobs(logprobs[i].size()), dentropies(logprobs[i].size());
      PolicyTokens tokens{logprobs[i], old[i], {}, entropies[i], advantages[i], weights[i]};
      if (algorithm.kl_coefficient != 0) tokens.ref_logprobs = ref[i];
      terms +=
          SequenceLoss(algorithm, tokens, absl::MakeSpan(dlogprobs), absl::MakeSpan(dentropies));
      for (size_t t = 0; t < dlogprobs.size(); ++t) {
        // The result is rounded to fp32; the arithmetic is in fp64.
        EXPECT_NEAR(dlogprobs[t], gradient[i][t], 1e-6 * std::abs(gradient[i][t]) + 1e-12);
        EXPECT_NEAR(dentropies[t], -weights[i] * algorithm.entropy_coefficient, 1e-9);
      }
    }
    const double loss = golden.at("loss");
    EXPECT_NEAR(terms.loss, loss, 1e-9 * std::max(1.0, std::abs(loss)));
  }
}

}  // namespace
}  // namespace hone
