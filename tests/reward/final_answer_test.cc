#include "reward/final_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace hone {
namespace {

std::string Marked(absl::string_view text) {
  return std::string(LastMarkedAnswer(text).value_or("(none)"));
}

TEST(FinalAnswer, TheMarkThatEndsLastCounts) {
  EXPECT_EQ(Marked("\\boxed{18}"), "18");
  EXPECT_EQ(Marked("\\boxed{1} or \\boxed{\\frac{3}{4}}."), "\\frac{3}{4}");
  EXPECT_EQ(Marked("\\boxed{\\text{a \\} b} 18}"), "\\text{a \\} b} 18");
  EXPECT_EQ(Marked("<answer>1</answer> <answer> 2\n</answer>"), " 2\n");
  EXPECT_EQ(Marked("so\n#### 72\nbye"), " 72");
  EXPECT_EQ(Marked("#### 1\n#### 2"), " 2");
  EXPECT_EQ(Marked("\\boxed{5} <answer>18</answer>"), "18");
  EXPECT_EQ(Marked("<answer>18</answer> or \\boxed{5}"), "5");
  EXPECT_EQ(Marked("<answer>\\boxed{18}</answer>"), "\\boxed{18}");
  EXPECT_EQ(Marked("<answer>thus #### 18</answer>"), " 18");
  EXPECT_EQ(Marked("\\boxed{\\boxed{3}}"), "\\boxed{3}");
}

TEST(FinalAnswer, BoxesSideBySideAreOneMark) {
  EXPECT_EQ(LastMarkText("\\boxed{1} or \\boxed{2}"), "1 , 2");
  EXPECT_EQ(LastMarkText("<answer>so \\boxed{1}, \\boxed{2}</answer>"), "1 , 2");
  EXPECT_EQ(LastMarkText("\\boxed{1}. No: \\boxed{2}"), "2");
  EXPECT_EQ(LastMarkText("\\boxed{1} and <answer>2</answer>"), "2");
  EXPECT_EQ(LastMarkText("none"), std::nullopt);
  EXPECT_EQ(FinalAnswer("\\boxed{1}</think> 2 "), "2");
}

TEST(FinalAnswer, WhatIsNotClosedCountsForNothing) {
  EXPECT_EQ(Marked("\\boxed{18"), "(none)");
  EXPECT_EQ(Marked("\\boxed{3} \\boxed{18"), "3");
  EXPECT_EQ(Marked("{ { \\boxed{3} \\boxed{18"), "3");
  EXPECT_EQ(Marked("<answer>18"), "(none)");
  EXPECT_EQ(Marked("18</answer>"), "(none)");
  EXPECT_EQ(Marked("boxed{18}"), "(none)");
  EXPECT_EQ(Marked(""), "(none)");
}

TEST(FinalAnswer, AnswerIs) {
  EXPECT_EQ(AfterAnswerIs("The answer is 1. No, the ANSWER IS 18.\n\nMore"), " 18.");
  EXPECT_EQ(AfterAnswerIs("Answer: 18"), " 18");
  EXPECT_FALSE(AfterAnswerIs("answers are 18").has_value());
  EXPECT_FALSE(AfterAnswerIs("answer").has_value());
  EXPECT_EQ(AfterAnswerIs("answer:"), "");
}

TEST(FinalAnswer, ThinkingIsLeftOut) {
  EXPECT_EQ(AfterThinking("a</think>b</think> c"), " c");
  EXPECT_EQ(AfterThinking("abc"), "abc");
}

TEST(FinalAnswer, VotesIgnoreWhiteSpace) {
  EXPECT_EQ(TaggedVote("<answer> 3 *\n8 </answer>"), "3*8");
  EXPECT_EQ(TaggedVote("3*8"), "");
}

TEST(FinalAnswer, LongTextsTakeNoLongerThanTheirLength) {
  for (const char* piece : {"\\boxed{", "<answer>", "####", "answer i", "{", "}", "\\", "aaaa"}) {
    std::string text;
    while (text.size() < (4 << 20)) text += piece;
    LastMarkedAnswer(text);
    AfterAnswerIs(text);
  }
}

}  // namespace
}  // namespace hone
