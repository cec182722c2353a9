#include "reward/choice.h"

#include <ctime>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

Verdict JudgeText(absl::string_view completion, absl::string_view answer, int num_choices = 4) {
  return MakeChoiceVerifier({.num_choices = num_choices})->Judge("", completion, answer);
}

Outcome Judge(absl::string_view completion, absl::string_view answer, int num_choices = 4) {
  return JudgeText(completion, answer, num_choices).outcome;
}

TEST(Choice, ReadsTheWaysToWriteALetter) {
  for (const char* answer : {"B",
                             "b",
                             "(B)",
                             "(b)",
                             "B.",
                             "B)",
                             "[B]",
                             "\"B\"",
                             " **B** ",
                             "$B$",
                             "\\text{B}",
                             "\\textbf{(B)}",
                             "\\mathbf{B}",
                             "\\mathrm{(B)}\\ 12",
                             "B. Paris",
                             "(B) Paris",
                             "B) Paris",
                             "B: Paris",
                             "B Paris",
                             "Option B",
                             "option (B)",
                             "Choice B",
                             "Answer: B",
                             "The answer is B",
                             "the correct option is (B) Paris",
                             "B, because C is wrong",
                             "B and not A",
                             "（B）",
                             "`B`",
                             "B. cats and dogs",
                             "\\boxed{B}",
                             "I think that it is B."}) {
    for (const std::string& completion :
         {absl::StrCat("A or C?</think><answer>", answer, "</answer>"),
          absl::StrCat("so \\boxed{", answer, "}.")}) {
      const Verdict verdict = JudgeText(completion, "B");
      EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << completion << ": " << verdict.detail;
      EXPECT_EQ(Judge(completion, "C"), Outcome::kIncorrect) << completion;
    }
  }
}

TEST(Choice, FindsTheLetterInProse) {
  for (const char* completion : {"The answer is B.",
                                 "the answer is (B) Paris.",
                                 "Answer: B",
                                 "**Answer:** B",
                                 "**Answer: (B)**",
                                 "The correct answer is option B, since A is wrong.",
                                 "The answer is most likely B",
                                 "So the best choice is B.",
                                 "The correct option would be B",
                                 "I choose B because it is the capital.",
                                 "I would go with (B).",
                                 "Therefore, I pick B",
                                 "The answer to this question is B.",
                                 "B",
                                 "B.",
                                 "b)",
                                 "B. Paris",
                                 "(B) Paris is the capital",
                                 "**B**",
                                 "Paris is right.\n\nB",
                                 "A is in Italy. C is in Spain.\nSo it must be B",
                                 "The answer is A. Wait, no. The answer is B.",
                                 "答案是 B。",
                                 "答案：B",
                                 "正确答案是B",
                                 "所以选B",
                                 "The answer cannot be A.\nHence B is correct.",
                                 "Final answer: \\text{B}",
                                 "ANSWER: B",
                                 "Let me think. I know it: Option B is correct.",
                                 "A lot of people say C, but the answer is B",
                                 "The answer is\n\nB"}) {
    const Verdict verdict = JudgeText(completion, "B");
    EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << completion << ": " << verdict.detail;
  }
  EXPECT_EQ(Judge("The answer is A because it is first.", "A"), Outcome::kCorrect);
  EXPECT_EQ(Judge("The answer is I.", "I", 10), Outcome::kCorrect);
  EXPECT_EQ(Judge("The answer is J", "J", 10), Outcome::kCorrect);
}

TEST(Choice, SeveralLettersAreIncorrect) {
  for (const char* completion : {"<answer>A, B</answer>",
                                 "<answer>A and B</answer>",
                                 "<answer>(A) or (B)</answer>",
                                 "<answer>AB</answer>",
                                 "<answer>ABCD</answer>",
                                 "<answer>A/B</answer>",
                                 "<answer>A. Rome or B. Paris</answer>",
                                 "<answer>(A) Rome, (B) Paris</answer>",
                                 "\\boxed{A,B,C,D}",
                                 "\\boxed{A}, \\boxed{B}",
                                 "\\boxed{A} or \\boxed{B}",
                                 "<answer>A\nB</answer>",
                                 "<answer>A B</answer>",
                                 "<answer>(A)(B)</answer>",
                                 "<answer>A | B</answer>",
                                 "<answer>A, maybe B</answer>",
                                 "The answer is A or B.",
                                 "The answer is (A), (B), or (C).",
                                 "It is either A or B",
                                 "<answer>B & C</answer>",
                                 "答案是 A 和 B"}) {
    EXPECT_EQ(Judge(completion, "A"), Outcome::kIncorrect) << completion;
    EXPECT_EQ(Judge(completion, "B"), Outcome::kIncorrect) << completion;
  }
}

TEST(Choice, WhatIsNoLetterIsUnparseable) {
  for (const char* completion :
       {"", "no idea", "<answer>Paris</answer>", "<answer></answer>", "I think so.",
        "A triangle has three sides", "The answer is a mystery", "The answer is unknown", "AZERTY",
        "Plan-B it is", "A) Rome\nB) Paris\nC) Madrid\nwhich?", "B2", "vitamin_B",
        "thinking B</think>"}) {
    const Verdict verdict = JudgeText(completion, "B");
    EXPECT_EQ(verdict.outcome, Outcome::kUnparseable) << completion << ": " << verdict.detail;
  }
  EXPECT_EQ(Judge("<answer>E</answer>", "D", 4), Outcome::kIncorrect);
}

TEST(Choice, TheRecordMustBeALetterInRange) {
  EXPECT_EQ(Judge("<answer>B</answer>", "(B)"), Outcome::kCorrect);
  EXPECT_EQ(Judge("<answer>B</answer>", "B. Paris"), Outcome::kCorrect);
  for (const char* answer : {"", "Paris", "E", "1", "A, B", "AB"}) {
    EXPECT_EQ(Judge("<answer>B</answer>", answer), Outcome::kError) << answer;
  }
  EXPECT_EQ(Judge("<answer>E</answer>", "E", 5), Outcome::kCorrect);
}

TEST(Choice, HugeTextsAreJudgedAtOnce) {
  for (const char* part : {"answer is Z ", "option ", "A\n", "(", "answer is A or ", "\\", "选"}) {
    std::string text;
    while (text.size() < 1 << 20) text += part;
    const std::clock_t begin = std::clock();
    Judge(text, "B");
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 5) << part;
  }
}

TEST(Choice, TheTextOfAChoiceStandsForItsLetter) {
  const std::string record =
      R"({"answer": "C", "choices": ["Vitamin A", "Paris, in France", "Vitamin C", "3.5 m"]})";
  for (const char* completion :
       {"\\boxed{Vitamin C}", "\\boxed{\\text{vitamin C.}}", "<answer> **Vitamin  C** </answer>",
        "so the answer is Vitamin C.", "Vitamin C", "\\boxed{C}", "\\boxed{C. Vitamin C}"}) {
    const Verdict verdict = JudgeText(completion, record);
    EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << completion << ": " << verdict.detail;
  }
  for (const char* completion : {"\\boxed{Vitamin A}", "\\boxed{Paris, in France}", "\\boxed{B}",
                                 "\\boxed{3.5 m}", "The answer is 3.5 m.", "\\boxed{A or C}"}) {
    EXPECT_EQ(Judge(completion, record), Outcome::kIncorrect) << completion;
  }
  // A part of a text, or several texts, are no choice.
  for (const char* completion : {"\\boxed{Vitamin}", "\\boxed{Paris}", "\\boxed{3.5}"}) {
    EXPECT_EQ(Judge(completion, record), Outcome::kUnparseable) << completion;
  }
  const std::string twice = R"({"answer": "A", "choices": ["none", "None.", "all"]})";
  EXPECT_EQ(Judge("\\boxed{none}", twice), Outcome::kUnparseable);
  EXPECT_EQ(Judge("\\boxed{all}", twice), Outcome::kIncorrect);
  EXPECT_EQ(Judge("\\boxed{Paris}", "B"), Outcome::kUnparseable);
}

TEST(Choice, RecordsWithTextsAreChecked) {
  const auto verifier = MakeChoiceVerifier({.num_choices = 3});
  EXPECT_TRUE(verifier->CheckAnswer(R"({"answer": "B", "choices": ["x", "y", "z"]})").ok());
  EXPECT_TRUE(verifier->CheckAnswer(R"({"answer": "b."})").ok());
  for (const char* record :
       {R"({"answer": "D", "choices": ["x", "y", "z"]})",
        R"({"answer": "y", "choices": ["x", "y"]})",
        R"({"answer": "A", "choices": ["w", "x", "y", "z"]})", R"({"choices": ["x"]})"}) {
    EXPECT_FALSE(verifier->CheckAnswer(record).ok()) << record;
  }
}

}  // namespace
}  // namespace hone
