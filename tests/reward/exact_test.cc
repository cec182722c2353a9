#include "reward/exact.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

Outcome Judge(absl::string_view completion, absl::string_view answer, const ExactSpec& spec = {}) {
  return MakeExactVerifier(spec)->Judge("", completion, answer).outcome;
}

std::string Tagged(absl::string_view answer) {
  return absl::StrCat("so</think><answer>", answer, "</answer>");
}

TEST(Exact, ComparesTheFinalAnswer) {
  EXPECT_EQ(Judge(Tagged("Paris"), "Paris"), Outcome::kCorrect);
  EXPECT_EQ(Judge("thinking Rome</think>\n Paris\n", "Paris"), Outcome::kCorrect);
  EXPECT_EQ(Judge("<answer>Rome</answer> no: \\boxed{Paris}", "Paris"), Outcome::kCorrect);
  EXPECT_EQ(Judge("<answer>It is \\boxed{Paris}</answer>", "Paris"), Outcome::kCorrect);
  EXPECT_EQ(Judge("so\n#### Paris", "why\n#### Paris"), Outcome::kCorrect);
  EXPECT_EQ(Judge(Tagged("Rome"), "Paris"), Outcome::kIncorrect);
  EXPECT_EQ(Judge(Tagged("Paris or Rome"), "Paris"), Outcome::kIncorrect);
  EXPECT_EQ(Judge("\\boxed{Rome} or \\boxed{Paris}", "Paris"), Outcome::kIncorrect);
  EXPECT_EQ(Judge(Tagged("Pari"), "Paris"), Outcome::kIncorrect);
  EXPECT_EQ(Judge("The city of Paris.", "Paris"), Outcome::kIncorrect);
}

TEST(Exact, OnlyLayoutCountsForNothing) {
  EXPECT_EQ(Judge(Tagged("\n New \t York\xc2\xa0"), "New York"), Outcome::kCorrect);
  EXPECT_EQ(Judge(Tagged("caf\xc3\xa9"), "cafe\xcc\x81"), Outcome::kCorrect);  // é in two ways
  EXPECT_EQ(Judge(Tagged("paris"), "Paris"), Outcome::kIncorrect);
  EXPECT_EQ(Judge(Tagged("NewYork"), "New York"), Outcome::kIncorrect);
  EXPECT_EQ(Judge(Tagged("Paris."), "Paris"), Outcome::kIncorrect);
}

TEST(Exact, IgnoresCaseAndPunctuationWhenAsked) {
  const ExactSpec no_case = {.ignore_case = true}, no_punctuation = {.ignore_punctuation = true};
  EXPECT_EQ(Judge(Tagged("STRASSE"),
                  "Stra\xc3\x9f"
                  "e",
                  no_case),
            Outcome::kCorrect);
  EXPECT_EQ(Judge(Tagged("Paris."), "paris", no_case), Outcome::kIncorrect);
  EXPECT_EQ(Judge(Tagged("\"Paris\", (France)!"), "Paris France", no_punctuation),
            Outcome::kCorrect);
  EXPECT_EQ(Judge(Tagged("paris"), "Paris", no_punctuation), Outcome::kIncorrect);
  EXPECT_EQ(Judge(Tagged("5."), "5", no_punctuation), Outcome::kCorrect);
  for (const char* other : {"-5", ".5", "5%", "-.5", "0.5", "5-5"}) {
    EXPECT_EQ(Judge(Tagged(other), "5", no_punctuation), Outcome::kIncorrect) << other;
    EXPECT_EQ(Judge(Tagged(other), other, no_punctuation), Outcome::kCorrect) << other;
  }
}

TEST(Exact, SaysWhoseFailureItIs) {
  EXPECT_EQ(Judge("", "Paris"), Outcome::kUnparseable);
  EXPECT_EQ(Judge("thinking </think> \n", "Paris"), Outcome::kUnparseable);
  EXPECT_EQ(Judge(Tagged(" "), "Paris"), Outcome::kUnparseable);
  EXPECT_EQ(Judge(Tagged("Paris"), " "), Outcome::kError);
  EXPECT_EQ(Judge(Tagged("..."), "...", {.ignore_punctuation = true}), Outcome::kError);
  EXPECT_EQ(Judge(Tagged("Paris"), std::string(1 << 17, 'x')), Outcome::kError);
  EXPECT_EQ(Judge(std::string(1 << 22, 'x'), "Paris"), Outcome::kIncorrect);
  EXPECT_EQ(Judge(std::string("\xff\0\xc3", 3), "Paris"), Outcome::kIncorrect);
}

TEST(Exact, VotesForTheTextInOneForm) {
  const auto verifier = MakeExactVerifier({.ignore_case = true});
  EXPECT_EQ(verifier->Vote(Tagged("NEW  york")), verifier->Vote(Tagged("new york ")));
  EXPECT_NE(verifier->Vote(Tagged("new york")), verifier->Vote(Tagged("york")));
  EXPECT_EQ(verifier->Vote(""), "");
}

}  // namespace
}  // namespace hone
