#include "trainer/algorithm/loss.h"
#include "trainer/algorithm/aggregation.h"

#include <cmath>
#include <fstream>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

// What tests/trainer/golden/make_policy_loss.py computed with PyTorch's autograd in fp64.
TEST(SequenceLossTest, LossAndGradientInFloatsAgreeWithPyTorch) {
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
    const auto weights = SequenceWeights(algorithm, lengths, 0);
    LossTerms terms;
    for (size_t i = 0; i < logprobs.size(); ++i) {
      std::vector<float> dlogprobs(logprobs[i].size()), dentropies(logprobs[i].size());
      PolicyTokens<float> tokens;
      tokens.logprobs = logprobs[i];
      tokens.old_logprobs = old[i];
      if (algorithm.kl_coefficient != 0) tokens.ref_logprobs = ref[i];
      tokens.entropies = entropies[i];
      tokens.advantage = advantages[i];
      tokens.weight = weights[i];
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
