#include "app/run_state.h"

#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "config/load.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

Experiment Parse(const std::vector<std::string>& overrides = {}) {
  const auto experiment = ParseExperiment(
      "name: x\nmodel: {init: {}}\nstages: [{sft: {task: countdown}}]\n", "test", overrides);
  EXPECT_TRUE(experiment.ok()) << experiment.status();
  return *experiment;
}

class RunStateTest : public ::testing::Test {
 protected:
  RunStateTest() : folder_{::testing::TempDir() + "/run_state_" + std::to_string(getpid())} {
    std::filesystem::remove_all(folder_.root);
    EXPECT_TRUE(CreateRunFolder(folder_).ok());
  }
  ~RunStateTest() override { std::filesystem::remove_all(folder_.root); }

  RunFolder folder_;
};

TEST_F(RunStateTest, ASecondLockIsRefusedAndNamesTheHolder) {
  {
    const auto lock = RunLock::Take(folder_);
    ASSERT_TRUE(lock.ok());
    const auto second = RunLock::Take(folder_);
    EXPECT_TRUE(absl::IsFailedPrecondition(second.status()));
    EXPECT_THAT(std::string(second.status().message()), HasSubstr(std::to_string(getpid())));
  }
  EXPECT_TRUE(RunLock::Take(folder_).ok());
}

TEST_F(RunStateTest, TheSameExperimentWithOtherResourcesGoesOn) {
  ASSERT_TRUE(WriteExperiment(folder_, Parse()).ok());
  ASSERT_TRUE(WriteExperiment(folder_, Parse({"resources.rollout.workers=3"})).ok());
  EXPECT_EQ(LoadExperiment(folder_.experiment(), {})->resources.rollout.workers, 3);
}

TEST_F(RunStateTest, AnotherExperimentIsRefusedWithTheLineThatDiffers) {
  ASSERT_TRUE(WriteExperiment(folder_, Parse()).ok());
  const Status status = WriteExperiment(folder_, Parse({"stages.0.sft.optimizer.lr=0.5"}));
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("there: lr: 1.0e-04"));
  EXPECT_THAT(message, HasSubstr("here:  lr: 0.5"));
  EXPECT_THAT(message, HasSubstr("--out"));
  EXPECT_THAT(message, HasSubstr("--fresh"));
}

TEST_F(RunStateTest, ABrokenExperimentFileIsNotOverwritten) {
  std::ofstream(folder_.experiment()) << "name: [";
  EXPECT_TRUE(absl::IsInvalidArgument(WriteExperiment(folder_, Parse())));
  EXPECT_EQ(*ReadFile(folder_.experiment()), "name: [");
}

TEST_F(RunStateTest, ClearingSparesWhatIsNotTheRuns) {
  ASSERT_TRUE(WriteExperiment(folder_, Parse()).ok());
  for (const std::string name : {"/ledger.sqlite-wal", "/metrics.jsonl", "/summary.txt", "/mine"}) {
    std::ofstream(folder_.root + name) << "x";
  }
  ASSERT_TRUE(ClearRunFolder(folder_).ok());
  EXPECT_TRUE(FileExists(folder_.root + "/mine"));
  EXPECT_FALSE(FileExists(folder_.root + "/ledger.sqlite-wal"));
  EXPECT_FALSE(FileExists(folder_.metrics()));
  EXPECT_FALSE(FileExists(folder_.checkpoints()));
  EXPECT_FALSE(FileExists(SummaryPath(folder_)));
}

TEST_F(RunStateTest, AFolderOfOtherThingsIsNoRunFolder) {
  EXPECT_TRUE(CheckIsRunFolder(folder_).ok());
  EXPECT_TRUE(CheckIsRunFolder({folder_.root + "/new"}).ok());
  std::ofstream(folder_.root + "/thesis.tex") << "x";
  const Status status = CheckIsRunFolder(folder_);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("thesis.tex"));
  ASSERT_TRUE(WriteExperiment(folder_, Parse()).ok());
  EXPECT_TRUE(CheckIsRunFolder(folder_).ok());
}

}  // namespace
}  // namespace hone
