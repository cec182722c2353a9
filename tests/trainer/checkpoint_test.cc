#include "trainer/checkpoint.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/hf_folder.h"
#include "model/tokenizer/train.h"
#include "trainer/learner/shard_layout.h"
#include "trainer/shard_file.h"

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

  // As `ranks` ranks do it. The moments are made from the weights, so that every number is another.
  void Save(int64_t step, bool ends_stage = false, int ranks = 1, CheckpointSpec spec = {}) {
    TrainingState state;
    state.step = step;
    state.stage = 1;
    state.stage_step = step - 3;
    state.policy_version = 10 * step;
    state.data_cursor = 5;
    state.measured = {0.5, 30, "spec"};
    state.carried = {{7, 20}, {9, 30}};
    const auto partial = BeginCheckpoint(folder_, step);
    ASSERT_TRUE(partial.ok()) << partial.status();
    for (int rank = ranks - 1; rank >= 0; --rank) {
      const std::vector<float> reference = Reference({rank, ranks});
      const Status written =
          WriteShardFile(*partial, {rank, ranks}, Shard({rank, ranks}), &reference);
      ASSERT_TRUE(written.ok()) << written;
    }
    const Status status =
        CompleteCheckpoint(Context(spec, nullptr), *partial, ranks, state, ends_stage);
    ASSERT_TRUE(status.ok()) << status;
  }
  CheckpointContext Context(const CheckpointSpec& spec, const FolderOrigin* origin) {
    return {folder_, spec, "hash", weights_.config(), *tokenizer_, origin};
  }

  // What rank `world.rank` holds of the flat vector, each number changed by `change`.
  template <typename Change>
  std::vector<float> Part(World world, Change change) {
    std::vector<float> part;
    for (const WeightsRange& range : ShardRanges(Units(weights_.config()), world)) {
      for (int64_t i = range.begin; i < range.begin + range.count; ++i) {
        part.push_back(change(std::as_const(weights_).flat()[i]));
      }
    }
    return part;
  }
  Learner::ShardState Shard(World world) {
    return {Part(world, [](float w) { return w; }), Part(world, [](float w) { return w + 1; }),
            Part(world, [](float w) { return w + 2; }), 9};
  }
  std::vector<float> Reference(World world) {
    return Part(world, [](float w) { return w + 3; });
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
  EXPECT_EQ(state.carried, (std::vector<CarriedPrompt>{{7, 20}, {9, 30}}));
  const auto config = LoadModelConfig((*found)->path + "/hf");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(LoadWeights((*found)->path + "/hf", *config)->flat(),
              ElementsAreArray(weights_.flat()));
}

TEST_F(CheckpointTest, AnyNumberOfRanksReadsWhatAnyOtherWrote) {
  for (const int ranks : {1, 2, 3, 7}) {
    SCOPED_TRACE(ranks);
    Save(4, false, ranks);
    const auto shards = ShardFiles::Open(Path("step-000004"), weights_.config());
    ASSERT_TRUE(shards.ok()) << shards.status();
    EXPECT_TRUE(shards->has_reference());
    EXPECT_EQ(shards->optimizer_step(), 9);
    for (const int readers : {1, 2, 5}) {
      for (int reader = 0; reader < readers; ++reader) {
        const World world{reader, readers};
        const auto read = [&](const std::string& tensor) {
          std::vector<float> part;
          for (const WeightsRange& range : ShardRanges(Units(weights_.config()), world)) {
            part.resize(part.size() + range.count);
            shards->Read(tensor, range.begin, absl::MakeSpan(part).last(range.count));
          }
          return part;
        };
        EXPECT_THAT(read("weights"), ElementsAreArray(Shard(world).weights));
        EXPECT_THAT(read("first_moment"), ElementsAreArray(Shard(world).first_moment));
        EXPECT_THAT(read("second_moment"), ElementsAreArray(Shard(world).second_moment));
        EXPECT_THAT(read("reference"), ElementsAreArray(Reference(world)));
      }
    }
    const std::string hf = Path("step-000004/hf");
    EXPECT_THAT(LoadWeights(hf, *LoadModelConfig(hf))->flat(), ElementsAreArray(weights_.flat()));
    EXPECT_FALSE(fs::exists(Path("step-000004/weights.flat")));
  }
}

TEST_F(CheckpointTest, ShardsOfAnotherModelAreRefused) {
  Save(4);
  ModelConfig other = weights_.config();
  other.intermediate_size = 32;
  EXPECT_THAT(std::string(ShardFiles::Open(Path("step-000004"), other).status().message()),
              HasSubstr("another model"));
}

TEST_F(CheckpointTest, AModelFromAFolderKeepsWhatCameWithIt) {
  const std::string source = folder_.root + "/source";
  ASSERT_TRUE(SaveHfFolder(source, weights_, *tokenizer_).ok());
  ASSERT_TRUE(WriteFileAtomically(source + "/LICENSE", "a licence").ok());
  const auto model = LoadHfFolder(source);
  ASSERT_TRUE(model.ok()) << model.status();
  TrainingState state;
  state.step = 1;
  const auto partial = BeginCheckpoint(folder_, 1);
  ASSERT_TRUE(partial.ok()) << partial.status();
  ASSERT_TRUE(WriteShardFile(*partial, {}, Shard({}), nullptr).ok());
  ASSERT_TRUE(CompleteCheckpoint(Context({}, &model->origin), *partial, 1, state, false).ok());
  EXPECT_EQ(*ReadFile(Path("step-000001/hf/LICENSE")), "a licence");
  EXPECT_TRUE(LoadCheckpoint(Path("step-000001"), "hash").ok());
}

TEST_F(CheckpointTest, ABrokenOneIsPassedOver) {
  for (const char* file :
       {"shard-0.safetensors", "shard-1.safetensors", "hf/config.json", "manifest.json"}) {
    SCOPED_TRACE(file);
    Save(4, false, 2);
    Save(5, false, 2);
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

TEST_F(CheckpointTest, AShardIsHashedByTheRankThatWroteIt) {
  const auto partial = BeginCheckpoint(folder_, 1);
  ASSERT_TRUE(partial.ok()) << partial.status();
  ASSERT_TRUE(WriteShardFile(*partial, {}, Shard({}), nullptr).ok());
  // On its way to the checkpoint it is altered: in the moments, so that the weights are still good.
  const std::string shard = *partial + "/shard-0.safetensors";
  std::fstream file(shard, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('\x55');
  file.close();
  TrainingState state;
  state.step = 1;
  ASSERT_TRUE(CompleteCheckpoint(Context({}, nullptr), *partial, 1, state, false).ok());
  EXPECT_THAT(std::string(LoadCheckpoint(Path("step-000001"), "hash").status().message()),
              HasSubstr("shard-0.safetensors was altered"));
  EXPECT_FALSE(fs::exists(Path("step-000001/shard-0.safetensors.sha256")));
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

TEST_F(CheckpointTest, EverySoManyStepsOneStays) {
  CheckpointSpec spec;
  spec.keep_last = 1;
  spec.keep_every = 4;
  for (int64_t step = 3; step <= 9; ++step) Save(step, false, 1, spec);
  std::vector<std::string> kept;
  for (const auto& entry : fs::directory_iterator(folder_.checkpoints())) {
    kept.push_back(entry.path().filename());
  }
  EXPECT_THAT(kept, testing::UnorderedElementsAre("step-000004", "step-000008", "step-000009"));
}

}  // namespace
}  // namespace hone
