#include "trainer/sample_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace hone {
namespace {

using Values = std::map<std::string, double>;

void Add(Outcome outcome, double reward, const std::vector<double>& components, size_t length,
         FinishReason finish_reason, Group* group) {
  Completion completion;
  completion.tokens.assign(length, 7);
  completion.finish_reason = finish_reason;
  group->completions.push_back(completion);
  group->scores.push_back({outcome, reward, components, ""});
}

Values Describe(const std::vector<Group>& groups, const std::vector<std::string>& names) {
  std::vector<const Group*> all;
  for (const Group& group : groups) all.push_back(&group);
  const auto values = DescribeSamples(all, names);
  return {values.begin(), values.end()};
}

constexpr FinishReason kStop = FinishReason::kStop;

TEST(DescribeSamples, MeansAreOverJudgedSamplesAndSharesOverAll) {
  Group first, second;
  first.prompt.tokens = {1, 2, 3};
  second.prompt.tokens = {1};
  Add(Outcome::kCorrect, 1.1, {1, 1}, 10, kStop, &first);
  Add(Outcome::kIncorrect, 0.1, {0, 1}, 20, kStop, &first);
  Add(Outcome::kUnparseable, 0, {0, 0}, 30, FinishReason::kLength, &first);
  Add(Outcome::kCorrect, 1, {1, 0}, 40, kStop, &second);
  // A verifier's failure has no components and speaks of nothing but itself.
  Add(Outcome::kTimeout, 0, {}, 1000, kStop, &second);
  Add(Outcome::kError, 0, {}, 1000, kStop, &second);
  Add(Outcome::kError, 0, {}, 1000, FinishReason::kLength, &second);
  Add(Outcome::kError, 0, {}, 1000, kStop, &second);
  const Values values = Describe({first, second}, {"math", "format"});
  EXPECT_DOUBLE_EQ(values.at("reward_mean"), 0.55);
  // The mean of the squares is 2.22 / 4.
  EXPECT_NEAR(values.at("reward_std"), std::sqrt(0.555 - 0.55 * 0.55), 1e-12);
  EXPECT_EQ(values.at("accuracy"), 0.5);
  EXPECT_EQ(values.at("format_rate"), 0.75);
  EXPECT_EQ(values.at("response_length_mean"), 25);
  EXPECT_EQ(values.at("truncated_rate"), 0.25);
  EXPECT_EQ(values.at("reward/math"), 0.5);
  EXPECT_EQ(values.at("reward/format"), 0.5);
  EXPECT_EQ(values.at("outcome/correct"), 0.25);
  EXPECT_EQ(values.at("outcome/incorrect"), 0.125);
  EXPECT_EQ(values.at("outcome/unparseable"), 0.125);
  EXPECT_EQ(values.at("outcome/timeout"), 0.125);
  EXPECT_EQ(values.at("outcome/error"), 0.375);
  EXPECT_EQ(values.at("tokens"), 10 + 20 + 30 + 40 + 3 * 3 + 1);
  EXPECT_EQ(values.at("verifier_failures"), 4);
}

TEST(DescribeSamples, TermsStandBeforeTheirWeightsUnderTheirNames) {
  Group group;
  Add(Outcome::kCorrect, 0.7, {1, -0.5, 0.25}, 1, kStop, &group);
  Add(Outcome::kIncorrect, 0.1, {0, -1, 0.75}, 1, kStop, &group);
  const Values values = Describe({group}, {"regex", "length", "regex-2"});
  EXPECT_EQ(values.at("reward/regex"), 0.5);
  EXPECT_EQ(values.at("reward/length"), -0.75);
  EXPECT_EQ(values.at("reward/regex-2"), 0.5);
}

TEST(DescribeSamples, AComponentThatIsMissingLeavesNoMean) {
  Group group;
  Add(Outcome::kCorrect, 1, {1, 1}, 1, kStop, &group);
  Add(Outcome::kCorrect, 1, {1}, 1, kStop, &group);
  const Values values = Describe({group}, {"math", "format"});
  EXPECT_EQ(values.at("reward/math"), 1);
  EXPECT_TRUE(std::isnan(values.at("reward/format")));
}

TEST(DescribeSamples, WithoutAJudgedSampleThereIsNoMean) {
  Group group;
  Add(Outcome::kError, 0, {}, 5, kStop, &group);
  const Values values = Describe({group}, {"math"});
  EXPECT_TRUE(std::isnan(values.at("reward_mean")));
  EXPECT_TRUE(std::isnan(values.at("reward_std")));
  EXPECT_TRUE(std::isnan(values.at("reward/math")));
  EXPECT_EQ(values.at("outcome/error"), 1);
  EXPECT_EQ(values.at("tokens"), 0);
}

}  // namespace
}  // namespace hone
