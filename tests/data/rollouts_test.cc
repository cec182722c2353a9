#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "data/run_folder.h"
#include "data/zstd_text.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RolloutsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(CreateRunFolder(folder_).ok()); }
  std::string File(const std::string& name) const { return folder_.rollouts() + "/" + name; }

  TempFolder temp_;
  const RunFolder folder_{temp_.path()};
};

RolloutRecord MakeRecord(int sample_index) {
  RolloutRecord record;
  record.step = 12;
  record.split = "train";
  record.policy_version = 11;
  record.prompt_id = ~uint64_t{0};
  record.sample_index = sample_index;
  record.prompt = "User: 3 5 8 = 24\nAssistant: <think>";
  record.answer = R"({"numbers":[3,5,8],"target":24})";
  record.completion = "\"quoted\"\\\t</think>é";
  record.tokens = {1, 2, 151643};
  record.logprobs = {-0.1f, -1e-30f, 0.0f};
  record.finish_reason = "stop";
  record.outcome = "incorrect";
  record.reward = 0.1;
  record.components = {0.0, 1.0 / 3};
  record.detail = "got 23";
  return record;
}

TEST_F(RolloutsTest, RoundTrip) {
  std::vector<RolloutRecord> records = {MakeRecord(0), MakeRecord(1)};
  records[1].versions = {{11, 1}, {13, 2}};
  ASSERT_TRUE(WriteRollouts(folder_, 12, "train", records).ok());
  const auto back = ReadRollouts(File("step-000012.train.jsonl.zst")).value();
  ASSERT_EQ(back.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    const RolloutRecord &a = records[i], &b = back[i];
    EXPECT_EQ(a.step, b.step);
    EXPECT_EQ(a.split, b.split);
    EXPECT_EQ(a.policy_version, b.policy_version);
    EXPECT_EQ(a.prompt_id, b.prompt_id);
    EXPECT_EQ(a.sample_index, b.sample_index);
    EXPECT_EQ(a.prompt, b.prompt);
    EXPECT_EQ(a.answer, b.answer);
    EXPECT_EQ(a.completion, b.completion);
    EXPECT_EQ(a.tokens, b.tokens);
    EXPECT_EQ(a.logprobs, b.logprobs);
    EXPECT_EQ(a.versions, b.versions);
    EXPECT_EQ(a.finish_reason, b.finish_reason);
    EXPECT_EQ(a.outcome, b.outcome);
    EXPECT_EQ(a.reward, b.reward);
    EXPECT_EQ(a.components, b.components);
    EXPECT_EQ(a.detail, b.detail);
  }
}

TEST_F(RolloutsTest, ValuesThatAreNotFiniteAndTextThatIsNotUtf8) {
  RolloutRecord record = MakeRecord(0);
  record.reward = std::nan("");
  record.logprobs = {-HUGE_VALF};
  record.completion = "cut \xE2\x82";
  ASSERT_TRUE(WriteRollouts(folder_, 1, "train", {record}).ok());
  const auto back = ReadRollouts(File("step-000001.train.jsonl.zst")).value();
  EXPECT_TRUE(std::isnan(back[0].reward));
  EXPECT_TRUE(std::isnan(back[0].logprobs[0]));
  EXPECT_EQ(back[0].completion, "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_F(RolloutsTest, NoRecordsAndReplacing) {
  ASSERT_TRUE(WriteRollouts(folder_, 1, "train", {}).ok());
  EXPECT_TRUE(ReadRollouts(File("step-000001.train.jsonl.zst")).value().empty());
  ASSERT_TRUE(WriteRollouts(folder_, 1, "train", {MakeRecord(0)}).ok());
  EXPECT_EQ(ReadRollouts(File("step-000001.train.jsonl.zst")).value().size(), 1u);
}

TEST_F(RolloutsTest, ListsByStepThenSplitAndDropsLaterOnes) {
  for (const int64_t step : {1'000'000, 2, 10}) {
    ASSERT_TRUE(WriteRollouts(folder_, step, "train", {}).ok());
  }
  ASSERT_TRUE(WriteRollouts(folder_, 10, "heldout", {}).ok());
  ASSERT_TRUE(WriteFileAtomically(File("step-000003.train.jsonl.zst.incomplete"), "").ok());
  ASSERT_TRUE(WriteFileAtomically(File("notes.txt"), "").ok());
  const std::string two = File("step-000002.train.jsonl.zst");
  const std::string ten_heldout = File("step-000010.heldout.jsonl.zst");
  const std::string ten = File("step-000010.train.jsonl.zst");
  EXPECT_THAT(ListRollouts(folder_).value(),
              ElementsAre(two, ten_heldout, ten, File("step-1000000.train.jsonl.zst")));
  ASSERT_TRUE(DropRolloutsAfter(folder_, 10).ok());
  EXPECT_THAT(ListRollouts(folder_).value(), ElementsAre(two, ten_heldout, ten));
  ASSERT_TRUE(DropRolloutsAfter(folder_, 2).ok());
  EXPECT_THAT(ListRollouts(folder_).value(), ElementsAre(two));
  EXPECT_TRUE(FileExists(File("notes.txt")));
}

TEST_F(RolloutsTest, DamageIsNamedWithItsPlace) {
  const std::string path = File("step-000001.train.jsonl.zst");
  ASSERT_TRUE(WriteRollouts(folder_, 1, "train", {MakeRecord(0)}).ok());
  const std::string line = ZstdDecompress(ReadFile(path).value()).value();

  ASSERT_TRUE(WriteFileAtomically(path, ZstdCompress(line + "{\"step\":1}\n").value()).ok());
  EXPECT_THAT(ReadRollouts(path).status().message(), HasSubstr(path + " line 2"));
  ASSERT_TRUE(WriteFileAtomically(path, ReadFile(path).value().substr(0, 50)).ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadRollouts(path).status()));
  EXPECT_THAT(ReadRollouts(path).status().message(), HasSubstr(path));
  EXPECT_TRUE(absl::IsNotFound(ReadRollouts(File("none")).status()));
}

TEST_F(RolloutsTest, ASplitIsAWord) {
  EXPECT_TRUE(absl::IsInvalidArgument(WriteRollouts(folder_, 1, "../x", {})));
  EXPECT_TRUE(absl::IsInvalidArgument(WriteRollouts(folder_, 1, "", {})));
}

}  // namespace
}  // namespace hone
