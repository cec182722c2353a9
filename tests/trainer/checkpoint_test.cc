#include "trainer/checkpoint.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/hf_folder.h"
#include "model/tokenizer/train.h"

namespace hone {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class CheckpointTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/hone_checkpoint_test_XXXXXX";
    folder_.root = mkdtemp(name);
    ASSERT_TRUE(CreateRunFolder(folder_).ok());
    const auto json = TrainTokenizer({}, {}, {});
    ASSERT_TRUE(json.ok()) << json.status();
    tokenizer_ = std::make_unique<Tokenizer>(Tokenizer::FromJson(*json, "test").value());
    ModelInit init;
    init.hidden_size = 16;
    init.num_layers = 1;
    init.num_heads = init.num_kv_heads = 1;
    init.head_dim = 16;
    init.intermediate_size = 16;
    weights_ = InitWeights(ConfigFromInit(init, tokenizer_->vocab_size(), 256), 0.02, 1);
  }
  void TearDown() override { fs::remove_all(folder_.root); }

  void Save(int64_t step, bool ends_stage = false) {
    TrainingState state;
    state.step = step;
    state.stage = 1;
    state.stage_step = step - 3;
    state.policy_version = 10 * step;
    state.data_cursor = 5;
    state.measured = {0.5, 30, "spec"};
    state.learner = {{1, 2, static_cast<float>(step)}, {3, 4, 5}, {6, 7, 8}, 9};
    state.reference = {0.5f};
    CheckpointSpec spec;
    spec.keep_last = 2;
    const Status status =
        SaveCheckpoint(folder_, spec, "hash", state, ends_stage, weights_, *tokenizer_, nullptr);
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string Path(const std::string& name) { return folder_.checkpoints() + "/" + name; }

  RunFolder folder_;
  std::unique_ptr<Tokenizer> tokenizer_;
  Weights weights_;
};

TEST_F(CheckpointTest, ComesBackAsItWas) {
  EXPECT_FALSE(FindCheckpoint(folder_, "hash")->has_value());
  Save(4);
  Save(5);
  const auto found = FindCheckpoint(folder_, "hash");
  ASSERT_TRUE(found.ok() && found->has_value()) << found.status();
  const TrainingState& state = (*found)->state;
  EXPECT_EQ(state.step, 5);
  EXPECT_EQ(state.stage, 1);
  EXPECT_EQ(state.stage_step, 2);
  EXPECT_EQ(state.policy_version, 50u);
  EXPECT_EQ(state.data_cursor, 5);
  EXPECT_EQ(state.measured->accuracy, 0.5);
  EXPECT_THAT(state.learner.weights, testing::ElementsAre(1, 2, 5));
  EXPECT_THAT(state.learner.second_moment, testing::ElementsAre(6, 7, 8));
  EXPECT_EQ(state.learner.optimizer_step, 9);
  EXPECT_THAT(state.reference, testing::ElementsAre(0.5f));
  const auto config = LoadModelConfig((*found)->path + "/hf");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(LoadWeights((*found)->path + "/hf", *config)->flat(),
              ElementsAreArray(weights_.flat()));
}

TEST_F(CheckpointTest, AModelFromAFolderKeepsWhatCameWithIt) {
  const std::string source = folder_.root + "/source";
  ASSERT_TRUE(SaveHfFolder(source, weights_, *tokenizer_).ok());
  ASSERT_TRUE(WriteFileAtomically(source + "/LICENSE", "a licence").ok());
  const auto model = LoadHfFolder(source);
  ASSERT_TRUE(model.ok()) << model.status();
  TrainingState state;
  state.step = 1;
  ASSERT_TRUE(
      SaveCheckpoint(folder_, {}, "hash", state, false, model->weights, *tokenizer_, &model->origin)
          .ok());
  EXPECT_EQ(*ReadFile(Path("step-000001/hf/LICENSE")), "a licence");
  EXPECT_TRUE(LoadCheckpoint(Path("step-000001"), "hash").ok());
}

TEST_F(CheckpointTest, ABrokenOneIsPassedOver) {
  for (const char* file : {"shard-0.safetensors", "hf/config.json", "manifest.json"}) {
    SCOPED_TRACE(file);
    Save(4);
    Save(5);
    const std::string path = Path("step-000005/") + file;
    fs::resize_file(path, fs::file_size(path) - 10);
    EXPECT_FALSE(LoadCheckpoint(Path("step-000005"), "hash").ok());
    EXPECT_EQ((*FindCheckpoint(folder_, "hash"))->state.step, 4);
  }
  Save(5);
  std::fstream file(Path("step-000005/shard-0.safetensors"),
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('\x55');
  file.close();
  EXPECT_THAT(std::string(LoadCheckpoint(Path("step-000005"), "hash").status().message()),
              HasSubstr("shard-0.safetensors was altered"));
}

TEST_F(CheckpointTest, AHalfWrittenOneIsNotLookedAt) {
  Save(4);
  fs::create_directories(Path("step-000009.incomplete"));
  EXPECT_EQ((*FindCheckpoint(folder_, "hash"))->state.step, 4);
  Save(9);  // the leftover is no obstacle
  EXPECT_EQ((*FindCheckpoint(folder_, "hash"))->state.step, 9);
}

TEST_F(CheckpointTest, AnotherExperimentsIsRefused) {
  Save(4);
  EXPECT_THAT(std::string(FindCheckpoint(folder_, "other").status().message()),
              HasSubstr("another experiment"));
}

TEST_F(CheckpointTest, OldOnesGoButForTheEndsOfStages) {
  Save(3, true);
  for (int64_t step = 4; step <= 7; ++step) Save(step);
  EXPECT_TRUE(fs::exists(Path("step-000003")));
  EXPECT_FALSE(fs::exists(Path("step-000004")));
  EXPECT_FALSE(fs::exists(Path("step-000005")));
  EXPECT_TRUE(fs::exists(Path("step-000006")));
  EXPECT_TRUE(fs::exists(Path("step-000007")));
}

}  // namespace
}  // namespace hone
