#include "data/r1_zero.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hone {
namespace {

TEST(R1Zero, PromptEndsWithTheQuestionAndOpensTheThoughts) {
  const std::string prompt = R1ZeroPrompt("1 + 1?");
  EXPECT_THAT(prompt, testing::StartsWith("A conversation between User and Assistant."));
  EXPECT_THAT(prompt, testing::EndsWith("</answer>. User: 1 + 1? Assistant: <think>"));
}

TEST(R1Zero, TheShortPromptOpensThemToo) {
  EXPECT_EQ(ShortPrompt("1 + 1"), "User: 1 + 1\nAssistant: <think>");
}

TEST(R1Zero, CompletionGoesOnFromThere) {
  EXPECT_EQ(R1ZeroCompletion("2", "3"), "2</think> <answer>3</answer>");
  for (const std::string& tag : R1ZeroTags()) {
    EXPECT_THAT(R1ZeroPrompt("") + R1ZeroCompletion("", ""), testing::HasSubstr(tag));
  }
}

}  // namespace
}  // namespace hone
