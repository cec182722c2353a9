#include "app/summary.h"

#include <filesystem>
#include <fstream>

#include "config/load.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(SummaryTest, TellsAccuracyBeforeAndAfterEachStage) {
  const RunFolder folder{::testing::TempDir() + "/summary_" + std::to_string(getpid())};
  std::filesystem::remove_all(folder.root);
  ASSERT_TRUE(CreateRunFolder(folder).ok());
  const auto experiment = ParseExperiment(
      "name: x\nmodel: {init: {}}\nstages:\n"
      "  - sft: {task: countdown, steps: 2}\n"
      "  - grpo: {task: countdown, steps: 1, reward: [{name: countdown}]}\n",
      "test", {});
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  auto writer = MetricsWriter::Open(folder, 0);
  ASSERT_TRUE(writer.ok());
  for (const StepMetrics& line : {
           StepMetrics{0, "sft", 0, {{"heldout_accuracy", 0.01}, {"seconds", 1}}},
           StepMetrics{1, "sft", 0, {{"loss", 2}, {"seconds", 40}}},
           StepMetrics{2, "sft", 0, {{"heldout_accuracy", 0.25}, {"seconds", 40}}},
           StepMetrics{2, "grpo", 0, {{"heldout_accuracy", 0.26}, {"seconds", 9}}},
           StepMetrics{3, "grpo", 1, {{"heldout_accuracy", 0.5}, {"seconds", 30}}},
       }) {
    ASSERT_TRUE((*writer)->Write(line).ok());
  }
  std::filesystem::create_directories(folder.checkpoints() + "/step-000002/hf");
  std::filesystem::create_directories(folder.checkpoints() + "/step-000003/hf");
  std::filesystem::create_directories(folder.checkpoints() + "/step-000004.incomplete/hf");

  const auto summary = SummarizeRun(folder, *experiment);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(*summary, HasSubstr("2 min"));
  EXPECT_THAT(*summary, HasSubstr("1.0% → 25.0%"));
  EXPECT_THAT(*summary, HasSubstr("26.0% → 50.0%"));
  EXPECT_THAT(*summary, HasSubstr("step-000003/hf"));
  EXPECT_THAT(*summary, Not(HasSubstr("report.html")));
  std::ofstream(folder.report()) << "x";
  EXPECT_THAT(*SummarizeRun(folder, *experiment), HasSubstr("report.html"));
  std::filesystem::remove_all(folder.root);
}

}  // namespace
}  // namespace hone
