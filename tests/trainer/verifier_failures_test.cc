#include "trainer/verifier_failures.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

Group MakeGroup(const std::vector<Outcome>& outcomes, const std::string& detail = "") {
  Group group;
  for (const Outcome outcome : outcomes) {
    Score score;
    score.outcome = outcome;
    score.detail = detail;
    group.scores.push_back(score);
  }
  return group;
}

Status Check(const std::vector<Group>& groups, double max_share) {
  std::vector<const Group*> all;
  for (const Group& group : groups) all.push_back(&group);
  return CheckVerifierFailures(all, max_share, 12);
}

constexpr Outcome kGood = Outcome::kCorrect;

TEST(VerifierFailures, TheModelsOwnAreNone) {
  EXPECT_TRUE(Check({MakeGroup({kGood, Outcome::kIncorrect, Outcome::kUnparseable})}, 0).ok());
  EXPECT_TRUE(Check({}, 0).ok());
}

TEST(VerifierFailures, AboveTheShareTheRunStopsWithTheReason) {
  const std::vector<Group> groups = {
      MakeGroup({Outcome::kError, Outcome::kError}, "math: the problem's answer is empty"),
      MakeGroup({Outcome::kTimeout}, "60 s"), MakeGroup({kGood, kGood, kGood})};
  EXPECT_TRUE(Check(groups, 0.5).ok());
  const Status status = Check(groups, 0.49);
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(status.message(), HasSubstr("failed on 3 of 6 samples of step 12"));
  EXPECT_THAT(status.message(), HasSubstr("max_verifier_failures is 0.49"));
  EXPECT_THAT(status.message(), HasSubstr("on 2 with: error, math: the problem's answer is empty"));
}

TEST(VerifierFailures, NothingJudgedIsNothingToTrainOn) {
  EXPECT_TRUE(absl::IsUnavailable(Check({MakeGroup({Outcome::kError, Outcome::kTimeout})}, 1)));
  EXPECT_TRUE(Check({MakeGroup({Outcome::kError, kGood})}, 1).ok());
}

}  // namespace
}  // namespace hone
