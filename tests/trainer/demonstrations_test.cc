#include "trainer/demonstrations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/tokenizer/train.h"
#include "tests/data/temp_folder.h"
#include "trainer/epochs.h"
#include "trainer/starting_tokenizer.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

constexpr int kRecords = 25;

class DemonstrationsTest : public testing::Test {
 protected:
  DemonstrationsTest() {
    std::ofstream file(folder_.File("a.jsonl"));
    for (int i = 0; i < kRecords; ++i) {
      file << "{\"prompt\":\"q" << i << "\",\"answer\":\"" << i << "\",\"text\":\""
           << std::string(i, 'x') << "\"}\n";
    }
    data_.path = folder_.File("a.jsonl");
    data_.completion_field = "text";
    data_.heldout_fraction = 0;
    experiment_.model.init.emplace();
    SftStage& stage = experiment_.stages.emplace_back().sft.emplace();
    stage.source.data = data_;
    stage.batch_tokens = 100;
  }

  TempFolder folder_;
  DataSpec data_;
  Experiment experiment_;
};

// A byte is a token: a sequence is "qN", N times "x", and the end.
TEST_F(DemonstrationsTest, EachPassReadsEveryRecordOnceInItsOwnOrder) {
  const auto tokenizer = MakeStartingTokenizer(experiment_).value();
  const auto task = MakeTask(experiment_.stages[0].sft->source, {}).value();
  const DemonstrationOptions options{.seed = 7, .count = 3, .end_token = 256, .context = 100};
  DemonstrationReader reader(tokenizer, *task, options, 0);
  EXPECT_EQ(reader.count(), kRecords);  // the data's own, not the option's
  std::vector<std::string> passes[2];
  for (auto& pass : passes) {
    for (int i = 0; i < kRecords; ++i) {
      const DemonstrationTokens sequence = reader.Next().value();
      EXPECT_EQ(sequence.tokens.back(), 256);
      const auto prompt = absl::MakeSpan(sequence.tokens).subspan(0, sequence.prompt_size);
      pass.push_back(tokenizer.Decode(prompt, false));
      EXPECT_EQ(static_cast<int>(sequence.tokens.size() - prompt.size()),
                std::stoi(pass.back().substr(1)) + 1);
    }
  }
  EXPECT_NE(passes[0], passes[1]);
  // A reader that begins in the middle goes on the same.
  DemonstrationReader second(tokenizer, *task, options, kRecords + 3);
  const DemonstrationTokens next = second.Next().value();
  EXPECT_EQ(tokenizer.Decode(absl::MakeSpan(next.tokens).subspan(0, next.prompt_size), false),
            passes[1][3]);
  for (auto& pass : passes) std::sort(pass.begin(), pass.end());
  EXPECT_EQ(passes[0], passes[1]);
  EXPECT_EQ(std::unique(passes[0].begin(), passes[0].end()), passes[0].end());
}

TEST_F(DemonstrationsTest, LongerThanTheContextIsAnError) {
  const auto tokenizer = MakeStartingTokenizer(experiment_).value();
  const auto task = MakeTask(experiment_.stages[0].sft->source, {}).value();
  DemonstrationReader reader(tokenizer, *task,
                             {.seed = 7, .count = 0, .end_token = 256, .context = 10}, 0);
  const auto batch = reader.NextBatch(10000);
  EXPECT_TRUE(absl::IsInvalidArgument(batch.status()));
  EXPECT_THAT(batch.status().message(), HasSubstr("context is 10"));
}

TEST_F(DemonstrationsTest, EpochsBecomeSteps) {
  Experiment experiment = experiment_;
  experiment.stages[0].sft->epochs = 2;
  ASSERT_TRUE(ResolveEpochs(&experiment).ok());
  EXPECT_EQ(experiment.stages[0].sft->epochs, 0);
  // By hand: 10 prompts of 2 tokens and 15 of 3, an end for each, 0 + 1 + … + 24 letters.
  const int tokens = 2 * (10 * 2 + 15 * 3 + kRecords + 24 * 25 / 2);
  // A batch ends once it has 100 tokens: it has 100 to 100 + 27.
  EXPECT_GE(experiment.stages[0].sft->steps, (tokens + 126) / 127);
  EXPECT_LE(experiment.stages[0].sft->steps, (tokens + 99) / 100);

  experiment = experiment_;
  ASSERT_TRUE(ResolveEpochs(&experiment).ok());
  EXPECT_TRUE(experiment == experiment_);
  experiment.stages[0].sft->epochs = 1;
  experiment.stages[0].sft->source.data->path = folder_.File("absent.jsonl");
  EXPECT_TRUE(absl::IsInvalidArgument(ResolveEpochs(&experiment)));
}

TEST_F(DemonstrationsTest, ANewTokenizerLearnsFromTheData) {
  experiment_.model.tokenizer = {.kind = "bpe", .vocab_size = 262};
  const auto tokenizer = MakeStartingTokenizer(experiment_).value();
  EXPECT_GE(tokenizer.TokenId("xx"), 0);
  experiment_.stages[0].sft->source.data->prompt_template = "r1_zero";
  EXPECT_GE(MakeStartingTokenizer(experiment_)->TokenId("</think>"), 0);
}

}  // namespace
}  // namespace hone
