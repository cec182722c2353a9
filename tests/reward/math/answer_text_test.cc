#include "reward/math/answer_text.h"

#include <string>

#include "gtest/gtest.h"

namespace hone::math {
namespace {

// For these tests a text without lower-case words is an answer.
bool Reads(absl::string_view text) {
  return text.find_first_of("ghklnorstu") == absl::string_view::npos;
}

std::string Find(absl::string_view completion) {
  const std::optional<FoundAnswer> found = FindAnswer(completion, Reads);
  return found ? found->text : "(none)";
}

TEST(AnswerText, TheLastMarkCounts) {
  EXPECT_EQ(Find("\\boxed{1} then. \\boxed{\\frac{1}{2}}"), "\\frac{1}{2}");
  EXPECT_EQ(Find("<answer>so \\boxed{5}</answer>"), "5");
  EXPECT_EQ(Find("\\boxed{1}\n#### 2"), "2");
  EXPECT_EQ(Find("<think>\\boxed{1}</think> 2"), "2");
  EXPECT_EQ(Find("\\\\boxed{3}"), "3");
}

TEST(AnswerText, BoxesSideBySideAreOneAnswer) {
  EXPECT_EQ(Find("\\boxed{1} and \\boxed{2}"), "1 , 2");
  EXPECT_EQ(Find("\\boxed{1}, \\boxed{2}, \\boxed{3}"), "1 , 2 , 3");
  EXPECT_EQ(Find("\\boxed{1} no no no no no \\boxed{2}"), "2");
  EXPECT_EQ(Find("\\boxed{1}. And then \\boxed{2}"), "2");
}

TEST(AnswerText, PhrasesFormulasAndNumbers) {
  EXPECT_EQ(Find("The answer is $x$. It is $y$."), "$x$");
  EXPECT_EQ(Find("The answer is what 3 others say."), "3");
  EXPECT_EQ(Find("\\boxed{1} The final answer is 2."), "2");
  EXPECT_EQ(Find("First $a$ then $b$ follows"), "b");
  EXPECT_EQ(Find("\\(a\\) and \\[b\\] others"), "b");
  EXPECT_EQ(Find("costs $5 and $10 in total"), "10");
  EXPECT_EQ(Find("there are 12 others"), "12");
  EXPECT_EQ(Find("there are 12 % others"), "12 %");
  EXPECT_EQ(Find("others"), "(none)");
}

TEST(AnswerText, CompactTextKeepsWhatIsSaid) {
  EXPECT_EQ(CompactText("$ \\left( 1 , 2 \\right) $."), "(1,2)");
  EXPECT_EQ(CompactText("\\dfrac{1}{2}"), CompactText("\\frac {1}{2}"));
  EXPECT_EQ(CompactText("\\text{odd}"), "odd");
  EXPECT_NE(CompactText("\\{1\\}"), CompactText("{1}"));
}

TEST(AnswerText, Choices) {
  for (const char* text : {"C", "c", "(C)", "\\text{(C)}", "C.", "C: 12", "(C) 12", "Choice C"}) {
    EXPECT_EQ(ChoiceLetter(text), 'C') << text;
  }
  for (const char* text : {"", "Cat", "(C) or (D)", "C, D", "12", "K"}) {
    EXPECT_EQ(ChoiceLetter(text), 0) << text;
  }
  EXPECT_EQ(BehindChoice("\\textbf{(C) } 12"), "12");
  EXPECT_EQ(BehindChoice("(C)"), std::nullopt);
  EXPECT_EQ(LoneLetter("Because B is valid"), 'B');
  EXPECT_EQ(LoneLetter("A. Because B is not valid"), 'A');
  EXPECT_EQ(LoneLetter("none"), 0);
}

}  // namespace
}  // namespace hone::math
