#include "reward/verifier.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reward/sandbox/machine.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::string_view kRecord = R"({"numbers":[3,5,8],"target":23})";
constexpr absl::string_view kPrompt = "<think>";

TEST(Verifier, EveryNameMakesOne) {
  for (const std::string& name : VerifierSpec::Names()) {
    VerifierSpec spec = {name};
    if (name == "remote") spec.remote.url = "http://127.0.0.1:1/";
    const Status status = MakeVerifier(spec).status();
    // Those that run code need a sandbox.
    if (absl::IsFailedPrecondition(status) && !MachineHasNamespaces()) continue;
    EXPECT_TRUE(status.ok()) << name << ": " << status;
  }
}

TEST(Verifier, AnUnknownNameGetsTheNearestOne) {
  const Status status = MakeVerifier({"countdwn"}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("`countdwn`"));
  EXPECT_THAT(status.message(), HasSubstr("`countdown`"));
}

TEST(Verifier, ChecksTheAnswersOfRecords) {
  struct Case {
    const char* name;
    std::vector<std::string> good, bad;
  };
  const Case cases[] = {
      {"choice", {"B", "(C)", "A. Paris"}, {"", "E", "Paris", "A, B"}},
      {"countdown", {std::string(kRecord)}, {"", "23", R"({"numbers":[3]})"}},
      {"exact", {"Paris", "New  York", "a\n#### b"}, {"", "  "}},
      {"format", {"", "x"}, {}},
      {"language", {"", "x"}, {}},
      {"math",
       {"18", "\\frac{1}{2}", "x = 5", "no solution", "(C)", "\\{1, 2\\}", "Evelyn", "[0, 1)",
        "so $x=2$, hence \\boxed{2}", "5 \\text{ cm}", "\\int_0^1 x\\,dx", "1,234",
        "\\begin{pmatrix}1\\\\2\\end{pmatrix}", "2003^{2002^{2001}}", "x^2+1", "28\\%",
        "CH_4 + O_2"},
       {"", "  ", "\\frac{1}{", "\\boxed{}", std::string(1 << 17, '1')}},
      {"number", {"18", "$1,234.5", "why\n#### 18", "50%"}, {"", "x", "18 or 19"}},
      {"regex", {"colou?r"}, {"", "("}},
  };
  for (const Case& one : cases) {
    const auto verifier = MakeVerifier({one.name});
    ASSERT_TRUE(verifier.ok()) << one.name;
    for (const std::string& answer : one.good) {
      EXPECT_TRUE((*verifier)->CheckAnswer(answer).ok())
          << one.name << ": " << answer << ": " << (*verifier)->CheckAnswer(answer);
    }
    for (const std::string& answer : one.bad) {
      EXPECT_TRUE(absl::IsInvalidArgument((*verifier)->CheckAnswer(answer)))
          << one.name << ": " << answer.substr(0, 40);
    }
  }
}

TEST(RewardSum, WeighsItsTermsAndTheFirstDecides) {
  const auto reward = RewardSum::Make({{{"countdown"}, 1.0}, {{"format"}, 0.25}});
  ASSERT_TRUE(reward.ok()) << reward.status();

  Score score = reward->Judge(kPrompt, "</think> <answer>3*5+8</answer>", kRecord);
  EXPECT_EQ(score.outcome, Outcome::kCorrect);
  EXPECT_EQ(score.reward, 1.25);
  EXPECT_THAT(score.components, ElementsAre(1, 1));

  score = reward->Judge(kPrompt, "</think> <answer>3*5-8</answer>", kRecord);
  EXPECT_EQ(score.outcome, Outcome::kIncorrect);
  EXPECT_EQ(score.reward, 0.25);
  EXPECT_EQ(score.detail, "3*5-8 = 7, wanted 23; in the format");

  score = reward->Judge(kPrompt, "<answer>3*5+8</answer>", kRecord);
  EXPECT_EQ(score.outcome, Outcome::kCorrect);
  EXPECT_EQ(score.reward, 1);
  EXPECT_THAT(score.components, ElementsAre(1, 0));
}

TEST(RewardSum, AnErrorOfAnyTermWins) {
  const auto reward = RewardSum::Make({{{"format"}, 1.0}, {{"countdown"}, 1.0}});
  ASSERT_TRUE(reward.ok()) << reward.status();
  EXPECT_EQ(reward->Judge(kPrompt, "</think> <answer>3*5+8</answer>", "{}").outcome,
            Outcome::kError);
  EXPECT_EQ(reward->Judge(kPrompt, "", "{}").outcome, Outcome::kError);
}

TEST(RewardSum, OnlyTheFirstTermDecidesTheOutcome) {
  RewardSpec repetition{{"repetition"}, 1.0};
  const auto reward = RewardSum::Make({{{"countdown"}, 1.0}, {{"language"}, 0.5}, repetition});
  ASSERT_TRUE(reward.ok()) << reward.status();
  // No words, so `language` finds nothing; the sample is correct all the same.
  const Score score = reward->Judge(kPrompt, "</think> <answer>3*5+8</answer>", kRecord);
  EXPECT_EQ(score.outcome, Outcome::kCorrect);
  EXPECT_THAT(score.components, ElementsAre(1, 0, 0));
}

TEST(RewardSum, TellsTheTermsWhatTheFirstSaidAndTheLength) {
  RewardSpec cosine{{"length_cosine"}, 1.0};
  cosine.length_cosine = {.limit = 10, .correct_at_limit = 0.5, .wrong_at_limit = -0.5};
  const auto reward = RewardSum::Make({{{"countdown"}, 1.0}, cosine});
  ASSERT_TRUE(reward.ok()) << reward.status();
  const char* right = "<answer>3*5+8</answer>";
  EXPECT_THAT(reward->Judge(kPrompt, right, kRecord, 0).components, ElementsAre(1, 1));
  EXPECT_THAT(reward->Judge(kPrompt, "<answer>3</answer>", kRecord, 0).components,
              ElementsAre(0, -1));
  EXPECT_THAT(reward->Judge(kPrompt, right, kRecord, 10).components, ElementsAre(1, -1));
  EXPECT_EQ(reward->Judge(kPrompt, right, kRecord).outcome, Outcome::kError);
}

TEST(RewardSum, JudgesManyAsItJudgesEach) {
  RewardSpec cosine{{"length_cosine"}, 2.0};
  cosine.length_cosine = {.limit = 10, .correct_at_limit = 0.5, .wrong_at_limit = -0.5};
  const auto reward = RewardSum::Make({{{"countdown"}, 1.0}, cosine, {{"format"}, 0.5}});
  ASSERT_TRUE(reward.ok()) << reward.status();
  std::vector<JudgeItem> items;
  for (const char* completion :
       {"<answer>3*5+8</answer>", "</think> <answer>3</answer>", "", "<answer>8+3*5</answer>"}) {
    // What the caller says of the first term is not believed.
    items.push_back({kPrompt,
                     completion,
                     items.size() == 3 ? "no record" : kRecord,
                     {.first = Outcome::kCorrect,
                      .completion_tokens = static_cast<int64_t>(items.size()) - 1}});
  }
  const std::vector<Score> scores = reward->JudgeAll(items);
  ASSERT_EQ(scores.size(), items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    const Score one = reward->Judge(items[i].prompt, items[i].completion, items[i].answer,
                                    items[i].context.completion_tokens);
    EXPECT_EQ(scores[i].outcome, one.outcome) << i;
    EXPECT_EQ(scores[i].reward, one.reward) << i;
    EXPECT_EQ(scores[i].components, one.components) << i;
    EXPECT_EQ(scores[i].detail, one.detail) << i;
  }
  EXPECT_EQ(scores[0].outcome, Outcome::kError);  // its length is not known
  EXPECT_EQ(scores[1].components[1], -1);
  EXPECT_EQ(scores[3].outcome, Outcome::kError);
  EXPECT_TRUE(reward->JudgeAll({}).empty());
}

TEST(RewardSum, RefusesWhatMakesNoSense) {
  EXPECT_TRUE(absl::IsInvalidArgument(RewardSum::Make({}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(RewardSum::Make({{{"nope"}, 1.0}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(RewardSum::Make({{{"format"}, 0.0 / 0.0}}).status()));
}

}  // namespace
}  // namespace hone
