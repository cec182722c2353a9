#include "reward/remote_json.h"

#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

Verdict ReadOne(const std::string& score) {
  const auto verdicts = ReadRemoteResponse(absl::StrCat("{\"scores\":[", score, "]}"), 1);
  if (verdicts.ok()) return verdicts->front();
  ADD_FAILURE() << score << ": " << verdicts.status();
  return {};
}

TEST(RemoteJson, WritesAnEmptyRequest) { EXPECT_EQ(RemoteRequest({}), "{\"items\":[]}"); }

TEST(RemoteJson, ReadsEveryOutcome) {
  for (const Outcome outcome : {Outcome::kCorrect, Outcome::kIncorrect, Outcome::kUnparseable,
                                Outcome::kTimeout, Outcome::kError}) {
    const Verdict verdict = ReadOne(
        absl::StrCat(R"({"outcome":")", Name(outcome), R"(","reward":-0.25,"more":[[[1]]]})"));
    EXPECT_EQ(verdict.outcome, outcome);
    EXPECT_EQ(verdict.reward, IsVerifierFailure(outcome) ? 0 : -0.25);
  }
}

TEST(RemoteJson, OneWrongScoreIsOneError) {
  for (const char* wrong :
       {"1", "null", "[]", "{}", R"({"reward":1})", R"({"outcome":"right","reward":1})",
        R"({"outcome":1,"reward":1})", R"({"outcome":"correct"})",
        R"({"outcome":"correct","reward":"1"})", R"({"outcome":"correct","reward":true})",
        R"({"outcome":"correct","reward":null})", R"({"outcome":"correct","reward":1e7})",
        R"({"outcome":"incorrect","reward":-1e300})"}) {
    const auto verdicts = ReadRemoteResponse(
        absl::StrCat("{\"scores\":[", wrong, R"(,{"outcome":"correct","reward":1}]})"), 2);
    ASSERT_TRUE(verdicts.ok()) << wrong << ": " << verdicts.status();
    EXPECT_EQ((*verdicts)[0].outcome, Outcome::kError) << wrong;
    EXPECT_EQ((*verdicts)[0].reward, 0) << wrong;
    EXPECT_THAT((*verdicts)[0].detail, HasSubstr("docs/rewards.md")) << wrong;
    EXPECT_EQ((*verdicts)[1].outcome, Outcome::kCorrect) << wrong;
  }
}

TEST(RemoteJson, AWrongResponseIsAnErrorThatSaysWhy) {
  const auto error = [](const std::string& body, size_t num_items) {
    const Status status = ReadRemoteResponse(body, num_items).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << body.substr(0, 80) << ": " << status;
    return std::string(status.message());
  };
  EXPECT_THAT(error("<html>", 1), HasSubstr("no JSON, \"<html>\""));
  EXPECT_THAT(error(R"({"scores":[{"outcome":"correct","reward":1e999}]})", 1),
              HasSubstr("finite numbers"));
  EXPECT_THAT(error(R"({"scores":[{"outcome":"correct","reward":-Infinity}]})", 1),
              HasSubstr("finite numbers"));
  EXPECT_THAT(error("{\"scores\":[]} x", 0), HasSubstr("no JSON"));
  EXPECT_THAT(error("[1]", 1), HasSubstr("without a list `scores`"));
  EXPECT_THAT(error("{\"scores\":1}", 1), HasSubstr("without a list `scores`"));
  EXPECT_THAT(error("{\"scores\":[]}", 2), HasSubstr("0 scores for 2 items"));
  EXPECT_THAT(error("{\"scores\":[1,2,3]}", 2), HasSubstr("3 scores for 2 items"));
  EXPECT_THAT(error(std::string(1 << 20, '['), 1), HasSubstr("no JSON"));
  EXPECT_THAT(error(std::string("\0\xff", 2), 1), HasSubstr("no JSON"));
}

TEST(RemoteJson, CutsTheDetail) {
  const Verdict verdict =
      RemoteVerdict(Outcome::kCorrect, 1, std::string(4095, 'a') + "\xc3\xa4 and more");
  EXPECT_EQ(verdict.detail, std::string(4095, 'a') + "\xef\xbf\xbd");
}

TEST(RemoteJson, ARewardThatIsNotFiniteIsAnError) {
  for (const double reward : {std::nan(""), std::numeric_limits<double>::infinity(), -2e6}) {
    EXPECT_EQ(RemoteVerdict(Outcome::kCorrect, reward, "").outcome, Outcome::kError) << reward;
    EXPECT_EQ(RemoteVerdict(Outcome::kCorrect, reward, "").reward, 0) << reward;
  }
  EXPECT_EQ(RemoteVerdict(Outcome::kError, std::nan(""), "").reward, 0);
  EXPECT_EQ(RemoteVerdict(Outcome::kCorrect, kMaxRemoteReward, "").reward, 1e6);
}

}  // namespace
}  // namespace hone
