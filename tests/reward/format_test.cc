#include "reward/format.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

Verdict Judge(absl::string_view completion, absl::string_view prompt = "Assistant: <think>") {
  return MakeFormatVerifier()->Judge(prompt, completion, "");
}

TEST(Format, AcceptsTheFormat) {
  for (const char* completion :
       {"so\n</think> <answer>1+2</answer>", "so</think><answer>1</answer>",
        "so</think>\n\n<answer> many words </answer> \n", "</think><answer>1</answer>",
        "a < b > c </ d</think> <answer>1 < 2</answer>"}) {
    const Verdict verdict = Judge(completion);
    EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << completion << ": " << verdict.detail;
    EXPECT_EQ(verdict.reward, 1);
    EXPECT_EQ(Judge(completion, "Assistant: <think>\n").reward, 1);
  }
}

TEST(Format, RefusesEverythingElse) {
  for (const char* completion : {"",
                                 "so",
                                 "<answer>1</answer>",
                                 "so</think>",
                                 "so</think> <answer>1",
                                 "so</think> 1</answer>",
                                 "so</think> <answer></answer>",
                                 "so</think> <answer> \n</answer>",
                                 "so</think> well <answer>1</answer>",
                                 "so</think> <answer>1</answer> well",
                                 "so</think></think> <answer>1</answer>",
                                 "so</think> <answer>1</answer></answer>",
                                 "so</think> <answer>1</answer><answer>2</answer>",
                                 "so</think> <answer><answer>1</answer>",
                                 "<think>so</think> <answer>1</answer>",
                                 "so</think> <answer>1</answer><think>",
                                 "so</think> <answer><think></answer>",
                                 "so<answer>1</answer></think>",
                                 "so</think> </answer><answer>",
                                 "so</think> </answer>1<answer>",
                                 "so<answer></think>1</answer>",
                                 "so</Think> <Answer>1</Answer>"}) {
    const Verdict verdict = Judge(completion);
    EXPECT_EQ(verdict.outcome, Outcome::kUnparseable) << completion;
    EXPECT_EQ(verdict.reward, 0);
    EXPECT_FALSE(verdict.detail.empty());
  }
}

TEST(Format, WithoutAnOpenTagInThePromptTheCompletionOpensIt) {
  EXPECT_EQ(Judge("<think>so</think> <answer>1</answer>", "Assistant:").reward, 1);
  EXPECT_EQ(Judge("<think>so</think> <answer>1</answer>", "").reward, 1);
  EXPECT_THAT(Judge("so</think> <answer>1</answer>", "").detail, HasSubstr("<think>"));
  EXPECT_EQ(Judge("<think><think>so</think> <answer>1</answer>", "").reward, 0);
  EXPECT_EQ(Judge("so <think>so</think> <answer>1</answer>", "").reward, 0);
  // A closed one in the prompt (an example) opens nothing.
  EXPECT_EQ(Judge("so</think> <answer>1</answer>", "<think> … </think> User: 1?").reward, 0);
}

TEST(Format, LongInputsAreJudgedAtOnce) {
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "</think><answer>";
  EXPECT_EQ(Judge(many).reward, 0);
  EXPECT_EQ(Judge(std::string(1 << 22, ' ') + "</think><answer>1</answer>").reward, 1);
  EXPECT_EQ(Judge(std::string("\0\xff", 2) + "</think><answer>\0</answer>").reward, 0);
}

}  // namespace
}  // namespace hone
