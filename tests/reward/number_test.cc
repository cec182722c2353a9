#include "reward/number.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace hone {
namespace {

using ::testing::HasSubstr;

Verdict Judge(absl::string_view completion, absl::string_view answer = "18") {
  return MakeNumberVerifier()->Judge("", completion, answer);
}
Outcome OutcomeOf(absl::string_view completion, absl::string_view answer = "18") {
  return Judge(completion, answer).outcome;
}

TEST(Number, TheFinalAnswerWhereverItStands) {
  for (const char* completion :
       {"18", "#### 18", "x\n#### 18\n", "\\boxed{18}", "\\boxed{5}, no: \\boxed{18}",
        "<answer>18</answer>", "<answer>$18.00 dollars</answer>", "The answer is 18.",
        "The final answer is: $18, not 20.", "9 + 9 = 18", "<think>\\boxed{5}</think> It is 18",
        "It takes 3 days, so 18 eggs.", "<answer>\\boxed{\\$18}</answer>",
        "so 9 * 2 = <<9*2=18>>18 eggs\n#### 18"}) {
    EXPECT_EQ(OutcomeOf(completion), Outcome::kCorrect) << completion;
    EXPECT_EQ(Judge(completion).reward, 1) << completion;
  }
  for (const char* completion : {"#### 18\n#### 19", "\\boxed{18}. No: \\boxed{19}",
                                 "<answer>19</answer>", "18 or 19", "The answer is 19, not 18",
                                 "18.001", "-18", "<think>18</think> 19", "18 million", "0.18"}) {
    EXPECT_EQ(OutcomeOf(completion), Outcome::kIncorrect) << completion;
    EXPECT_EQ(Judge(completion).reward, 0) << completion;
  }
}

TEST(Number, AMarkedAnswerThatIsNoNumberIsNotLookedBehind) {
  for (const char* completion :
       {"18 \\boxed{eighteen}", "18 <answer></answer>", "18\n####", "\\boxed{18, 19}",
        "\\boxed{17} or \\boxed{18}", "\\boxed{17}\\boxed{18}", "<answer>17 18 19</answer>",
        "<think>18</think>", "", "no idea", "1e9999999999"}) {
    EXPECT_EQ(OutcomeOf(completion), Outcome::kUnparseable) << completion;
    EXPECT_EQ(Judge(completion).reward, 0) << completion;
  }
}

TEST(Number, Percentages) {
  EXPECT_EQ(OutcomeOf("50%", "50"), Outcome::kCorrect);
  EXPECT_EQ(OutcomeOf("50%", "0.5"), Outcome::kCorrect);
  EXPECT_EQ(OutcomeOf("50%", "50%"), Outcome::kCorrect);
  EXPECT_EQ(OutcomeOf("0.5", "50%"), Outcome::kCorrect);
  EXPECT_EQ(OutcomeOf("0.5%", "50%"), Outcome::kIncorrect);
  EXPECT_EQ(OutcomeOf("5000%", "50%"), Outcome::kIncorrect);
}

TEST(Number, TheRecordMayBeAWholeSolution) {
  EXPECT_EQ(OutcomeOf("1080", "She sold 3 * 360.\n#### 1,080"), Outcome::kCorrect);
  EXPECT_EQ(OutcomeOf("1/3", "\\boxed{\\frac{2}{6}}"), Outcome::kCorrect);
  for (const char* record : {"", "eighteen", "3 or 4", "####", "1e9999999999"}) {
    EXPECT_EQ(OutcomeOf("18", record), Outcome::kError) << record;
    EXPECT_THAT(Judge("18", record).detail, HasSubstr("the problem's answer"));
  }
}

TEST(Number, VotesAreNumbers) {
  const auto verifier = MakeNumberVerifier();
  EXPECT_EQ(verifier->Vote("#### 1,080"), "1080");
  EXPECT_EQ(verifier->Vote("<answer>$1080.00</answer>"), "1080");
  EXPECT_EQ(verifier->Vote("2/6"), verifier->Vote("\\boxed{\\frac{1}{3}}"));
  EXPECT_EQ(verifier->Vote("\\boxed{a}"), "");
}

TEST(Number, HugeNumbersAreComparedExactly) {
  const std::string digits(999, '7');
  EXPECT_EQ(OutcomeOf(digits + ".0", digits), Outcome::kCorrect);
  EXPECT_EQ(OutcomeOf(digits.substr(1) + "8", digits), Outcome::kIncorrect);
  EXPECT_EQ(OutcomeOf("1e999999999", "10e999999998"), Outcome::kCorrect);
  EXPECT_EQ(OutcomeOf("0.1", "0.10000000000000000001"), Outcome::kIncorrect);
  EXPECT_EQ(OutcomeOf(std::string(100'000, '7')), Outcome::kUnparseable);
  EXPECT_EQ(OutcomeOf("\\boxed{" + std::string(100'000, '{')), Outcome::kUnparseable);
}

TEST(Number, DetailsAreShortAndSayWhatWasFound) {
  EXPECT_EQ(Judge("#### 19").detail, "19, wanted 18");
  EXPECT_EQ(Judge("\\boxed{a\x01}").detail, "the answer \"a\\x01\": no number");
  EXPECT_LT(Judge("<answer>" + std::string(1 << 20, 'x') + "</answer>").detail.size(), 200u);
}

}  // namespace
}  // namespace hone
