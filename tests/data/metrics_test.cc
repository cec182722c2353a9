#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "data/run_folder.h"
#include "tests/data/event_file.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class MetricsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(CreateRunFolder(folder_).ok()); }

  std::unique_ptr<MetricsWriter> Open(int64_t resume_step) {
    return MetricsWriter::Open(folder_, resume_step).value();
  }
  std::vector<int64_t> Steps() {
    const std::vector<StepMetrics> all = ReadMetrics(folder_.metrics()).value();
    std::vector<int64_t> steps;
    for (const StepMetrics& metrics : all) steps.push_back(metrics.step);
    return steps;
  }
  std::vector<int64_t> EventSteps() {
    std::vector<int64_t> steps;
    for (const ReadEvent& event : ReadEvents(folder_.tensorboard())) {
      if (event.file_version.empty()) steps.push_back(event.step);
    }
    return steps;
  }

  TempFolder temp_;
  const RunFolder folder_{temp_.path()};
};

StepMetrics MakeMetrics(int64_t step) {
  return {.step = step,
          .stage = "grpo",
          .policy_version = static_cast<uint64_t>(step),
          .values = {{"reward_mean", 0.1 * step}, {"loss", 1.0 / 3}}};
}

TEST_F(MetricsTest, WritesOneLineAStepInOrder) {
  const auto writer = Open(0);
  StepMetrics metrics = MakeMetrics(1);
  metrics.values.push_back({"kl", std::nan("")});
  metrics.values.push_back({"a\"b", HUGE_VAL});
  ASSERT_TRUE(writer->Write(metrics).ok());
  EXPECT_EQ(ReadFile(folder_.metrics()).value(),
            "{\"step\":1,\"stage\":\"grpo\",\"policy_version\":1,\"reward_mean\":0.1,"
            "\"loss\":0.3333333333333333,\"kl\":null,\"a\\\"b\":null}\n");
}

TEST_F(MetricsTest, ReadsBackToTheBit) {
  const auto writer = Open(0);
  StepMetrics metrics = MakeMetrics(3);
  metrics.policy_version = ~uint64_t{0};
  metrics.values = {{"z", 5e-324}, {"a", -0.0}, {"m", 1e300}, {"nan", std::nan("")}};
  ASSERT_TRUE(writer->Write(metrics).ok());
  const auto all = ReadMetrics(folder_.metrics()).value();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].step, 3);
  EXPECT_EQ(all[0].stage, "grpo");
  EXPECT_EQ(all[0].policy_version, metrics.policy_version);
  EXPECT_THAT(all[0].values, ElementsAre(Pair("z", 5e-324), Pair("a", -0.0), Pair("m", 1e300),
                                         Pair("nan", testing::IsNan())));
  EXPECT_TRUE(std::signbit(all[0].values[1].second));
}

TEST_F(MetricsTest, CurvesHoldTheSameNumbers) {
  const auto writer = Open(0);
  for (int64_t step : {0, 1, 2}) ASSERT_TRUE(writer->Write(MakeMetrics(step)).ok());
  EXPECT_THAT(EventSteps(), ElementsAre(0, 1, 2));
  EXPECT_THAT(ReadEvents(folder_.tensorboard())[3].values,
              ElementsAre(Pair("reward_mean", 0.2f), Pair("loss", 1.0f / 3)));
}

TEST_F(MetricsTest, ResumingDropsLaterSteps) {
  {
    const auto writer = Open(0);
    for (int64_t step : {0, 1, 2, 3, 4}) ASSERT_TRUE(writer->Write(MakeMetrics(step)).ok());
  }
  const std::string before = ReadFile(folder_.metrics()).value();
  {
    const auto writer = Open(2);
    EXPECT_THAT(Steps(), ElementsAre(0, 1, 2));
    EXPECT_THAT(EventSteps(), ElementsAre(0, 1, 2));
    for (int64_t step : {3, 4}) ASSERT_TRUE(writer->Write(MakeMetrics(step)).ok());
  }
  EXPECT_EQ(ReadFile(folder_.metrics()).value(), before);
  EXPECT_THAT(EventSteps(), ElementsAre(0, 1, 2, 3, 4));
  Open(-1);
  EXPECT_THAT(Steps(), ElementsAre());
  EXPECT_THAT(EventSteps(), ElementsAre());
}

TEST_F(MetricsTest, ATornLastLineIsDropped) {
  Open(0)->Write(MakeMetrics(1)).IgnoreError();
  const std::string whole = ReadFile(folder_.metrics()).value();
  Open(1)->Write(MakeMetrics(2)).IgnoreError();
  const std::string both = ReadFile(folder_.metrics()).value();
  for (size_t size = whole.size(); size < both.size(); ++size) {
    ASSERT_TRUE(WriteFileAtomically(folder_.metrics(), both.substr(0, size)).ok());
    EXPECT_THAT(Steps(), ElementsAre(1)) << size;
  }
  const auto writer = Open(5);
  EXPECT_EQ(ReadFile(folder_.metrics()).value(), whole);
  ASSERT_TRUE(writer->Write(MakeMetrics(2)).ok());
  EXPECT_EQ(ReadFile(folder_.metrics()).value(), both);

  // A machine that lost power may leave zeros where the last line was.
  ASSERT_TRUE(WriteFileAtomically(folder_.metrics(), whole + std::string(20, '\0') + "\n").ok());
  EXPECT_THAT(Steps(), ElementsAre(1));
}

TEST_F(MetricsTest, DamageInTheMiddleIsNamed) {
  Open(0)->Write(MakeMetrics(1)).IgnoreError();
  const std::string line = ReadFile(folder_.metrics()).value();
  for (const std::string& bad :
       {std::string("{\"step\":2"), std::string("[]"), std::string("{\"step\":2}"),
        line.substr(0, line.size() - 2) + ",\"x\":\"y\"}"}) {
    ASSERT_TRUE(WriteFileAtomically(folder_.metrics(), line + bad + "\n" + line).ok());
    const Status status = MetricsWriter::Open(folder_, 9).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << bad;
    EXPECT_THAT(status.message(), HasSubstr(folder_.metrics() + " line 2"));
  }
}

TEST_F(MetricsTest, ANameStandsOnce) {
  const auto writer = Open(0);
  StepMetrics metrics = MakeMetrics(1);
  metrics.values.push_back({"loss", 2});
  EXPECT_TRUE(absl::IsInvalidArgument(writer->Write(metrics)));
  metrics = MakeMetrics(1);
  metrics.values.push_back({"stage", 2});
  EXPECT_TRUE(absl::IsInvalidArgument(writer->Write(metrics)));
  EXPECT_EQ(ReadFile(folder_.metrics()).value(), "");
}

TEST_F(MetricsTest, NoFileIsAnErrorOnlyForReaders) {
  EXPECT_TRUE(absl::IsNotFound(ReadMetrics(folder_.metrics()).status()));
  EXPECT_TRUE(MetricsWriter::Open(folder_, 7).ok());
}

}  // namespace
}  // namespace hone
