#include "reward/countdown.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

constexpr absl::string_view kRecord = R"({"numbers":[3,5,8],"target":23})";

Verdict Judge(absl::string_view completion, absl::string_view record = kRecord) {
  return MakeCountdownVerifier()->Judge("Reach it. <think>", completion, record);
}

Verdict JudgeAnswer(absl::string_view answer, absl::string_view record = kRecord) {
  return Judge(absl::StrCat("hm</think> <answer>", answer, "</answer>"), record);
}

TEST(Countdown, RewardsAnExpressionThatReachesTheTarget) {
  for (const char* answer :
       {"3*5+8", "(3*5)+8", "8+5*3", " 8 + ( 5 × 3 ) ", "3*5+8=23", "3*5+8 = 23"}) {
    const Verdict verdict = JudgeAnswer(answer);
    EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << answer << ": " << verdict.detail;
    EXPECT_EQ(verdict.reward, 1);
  }
  EXPECT_EQ(JudgeAnswer("(3*5)+8").detail, "(3*5)+8 = 23");
}

TEST(Countdown, SaysWhatAWrongValueIs) {
  const Verdict verdict = JudgeAnswer("(3*5)-8");
  EXPECT_EQ(verdict.outcome, Outcome::kIncorrect);
  EXPECT_EQ(verdict.reward, 0);
  EXPECT_EQ(verdict.detail, "(3*5)-8 = 7, wanted 23");
  EXPECT_EQ(JudgeAnswer("8/3-5").detail, "8/3-5 = -7/3, wanted 23");
}

TEST(Countdown, WantsEachNumberExactlyOnce) {
  for (const char* answer : {"23", "3*5+8+0", "15+8", "3*5+8*1", "3+5+8+5+5-3", "8+8+8", "3*5"}) {
    const Verdict verdict = JudgeAnswer(answer);
    EXPECT_EQ(verdict.outcome, Outcome::kIncorrect) << answer;
    EXPECT_THAT(verdict.detail, HasSubstr("given were 3, 5, 8"));
  }
  // A number that is given twice is used twice.
  constexpr absl::string_view kTwice = R"({"numbers":[6,4,6],"target":30})";
  EXPECT_EQ(JudgeAnswer("6*4+6", kTwice).outcome, Outcome::kCorrect);
  EXPECT_EQ(JudgeAnswer("6*6-4-2", kTwice).outcome, Outcome::kIncorrect);
  // Digits glued together are another number.
  EXPECT_EQ(JudgeAnswer("35-8-4", R"({"numbers":[3,5,8,4],"target":23})").outcome,
            Outcome::kIncorrect);
}

TEST(Countdown, AStatedResultMustBeTheTarget) {
  EXPECT_THAT(JudgeAnswer("3*5+8=24").detail, HasSubstr("it says = 24"));
  EXPECT_EQ(JudgeAnswer("3*5+8=24").outcome, Outcome::kIncorrect);
  EXPECT_EQ(JudgeAnswer("(8-5)*3=23").outcome, Outcome::kIncorrect);
}

TEST(Countdown, ComputesExactly) {
  EXPECT_EQ(JudgeAnswer("8/(3-8/3)", R"({"numbers":[3,3,8,8],"target":24})").outcome,
            Outcome::kCorrect);
  // In floating point this is 1.
  EXPECT_EQ(JudgeAnswer("(999999999999999-1+3)/999999999999999",
                        R"({"numbers":[1,3,999999999999999,999999999999999],"target":1})")
                .outcome,
            Outcome::kIncorrect);
}

TEST(Countdown, DividingByZeroIsIncorrect) {
  const Verdict verdict = JudgeAnswer("5/(8-8)", R"({"numbers":[5,8,8],"target":5})");
  EXPECT_EQ(verdict.outcome, Outcome::kIncorrect);
  EXPECT_THAT(verdict.detail, HasSubstr("divides by zero"));
}

TEST(Countdown, TakesTheLastAnswer) {
  EXPECT_EQ(Judge("<answer>1</answer> no: <answer>3*5+8</answer>").outcome, Outcome::kCorrect);
  EXPECT_EQ(Judge("<answer>3*5+8</answer> no: <answer>1</answer>").outcome, Outcome::kIncorrect);
  EXPECT_EQ(Judge("<answer><answer>3*5+8</answer>").outcome, Outcome::kCorrect);
  EXPECT_EQ(Judge("<answer>3*5+8</answer></answer>").outcome, Outcome::kCorrect);
  EXPECT_EQ(Judge("<answer>3*5+8</answer> or <answer>").outcome, Outcome::kCorrect);
}

TEST(Countdown, WhatIsNoExpressionIsUnparseable) {
  for (const char* completion :
       {"", "3*5+8", "<answer>", "</answer>", "<answer>3*5+8", "3*5+8</answer>",
        "</answer>3*5+8<answer>", "<answer></answer>", "<answer> </answer>",
        "<answer>the answer is 3*5+8</answer>", "<answer>3*5+8.</answer>",
        "<answer>9**9**9**9</answer>", "<answer>3//5</answer>", "<ANSWER>3*5+8</ANSWER>",
        "<answer >3*5+8</answer>", "<answer>-3+5+8</answer>", "<answer>2003^{2002^{2001}}</answer>",
        "<answer>__import__('os').system('true')</answer>"}) {
    const Verdict verdict = Judge(completion);
    EXPECT_EQ(verdict.outcome, Outcome::kUnparseable) << completion;
    EXPECT_EQ(verdict.reward, 0);
    EXPECT_FALSE(verdict.detail.empty());
  }
}

TEST(Countdown, HostileInputsAreJudgedAtOnce) {
  std::string many_terms = "1";
  for (int i = 0; i < 20'000; ++i) many_terms += "+1";
  std::string many_tags;
  for (int i = 0; i < 100'000; ++i) many_tags += "<answer>";
  using namespace std::string_literals;
  for (const std::string& answer :
       {std::string(10'000, '('), std::string(10'000, '(') + "1" + std::string(10'000, ')'),
        many_terms, many_tags, std::string(1'000'000, '9'), "3*5+8\0"s, "\xff\xfe\xfd"s,
        "3\xc3*5+8"s, std::string(1 << 20, '\0')}) {
    const Verdict verdict = JudgeAnswer(answer);
    EXPECT_EQ(verdict.outcome, Outcome::kUnparseable);
    EXPECT_LT(verdict.detail.size(), 1000u);
  }
}

TEST(Countdown, HugeNumbersThatWereNotGivenAreTheModelsFault) {
  const std::string nines(18, '9');
  EXPECT_EQ(JudgeAnswer(absl::StrCat(nines, "*", nines, "*", nines)).outcome, Outcome::kIncorrect);
  // If the problem itself gives them, it is the problem's.
  const std::string record =
      absl::StrCat("{\"numbers\":[", nines, ",", nines, ",", nines, "],\"target\":1}");
  EXPECT_EQ(JudgeAnswer(absl::StrCat(nines, "*", nines, "*", nines), record).outcome,
            Outcome::kError);
}

TEST(Countdown, AMalformedRecordIsAnError) {
  for (const char* record :
       {"", "23", "[]", "{", "null", R"({"numbers":[3,5,8]})", R"({"target":23})",
        R"({"numbers":[],"target":23})", R"({"numbers":"3,5,8","target":23})",
        R"({"numbers":[3,5,-8],"target":23})", R"({"numbers":[3,5,8.5],"target":23})",
        R"({"numbers":[3,5,"8"],"target":23})", R"({"numbers":[3,5,8],"target":"23"})",
        R"({"numbers":[3,5,8],"target":-1})", R"({"numbers":[3,5,8],"target":1e300})",
        R"({"numbers":[3,5,18446744073709551615],"target":23})",
        R"({"numbers":[3,5,99999999999999999999999],"target":23})", "\xff"}) {
    const Verdict verdict = JudgeAnswer("3*5+8", record);
    EXPECT_EQ(verdict.outcome, Outcome::kError) << record;
    EXPECT_THAT(verdict.detail, HasSubstr("answer"));
  }
  EXPECT_EQ(JudgeAnswer("3*5+8", std::string(100'000, '[')).outcome, Outcome::kError);
}

TEST(Countdown, ThePromptIsNotSearchedForAnswers) {
  const Verdict verdict = MakeCountdownVerifier()->Judge("<answer>3*5+8</answer>", "none", kRecord);
  EXPECT_EQ(verdict.outcome, Outcome::kUnparseable);
}

}  // namespace
}  // namespace hone
