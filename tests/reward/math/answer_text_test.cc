#include "reward/math/answer_text.h"

#include <string>

#include "gtest/gtest.h"

namespace hone::math {
namespace {

TEST(AnswerText, CompactTextKeepsWhatIsSaid) {
  EXPECT_EQ(CompactText("$ \\left( 1 , 2 \\right) $."), "(1,2)");
  EXPECT_EQ(CompactText("\\dfrac{1}{2}"), CompactText("\\frac {1}{2}"));
  EXPECT_EQ(CompactText("\\text{odd}"), "odd");
  EXPECT_NE(CompactText("\\{1\\}"), CompactText("{1}"));
}

TEST(AnswerText, BracesMatchOrNot) {
  for (const char* text : {"", "{}", "\\frac{1}{2}", "\\{1\\}", "\\}"})
    EXPECT_TRUE(BracesMatch(text));
  for (const char* text : {"{", "}", "}{", "\\frac{1}{", "\\{}"}) EXPECT_FALSE(BracesMatch(text));
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
