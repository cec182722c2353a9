#include "trainer/schedule.h"

#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(LearningRateTest, WarmsUpAndThenFollowsTheSchedule) {
  OptimizerSpec spec;
  spec.lr = 2.0;
  spec.warmup_steps = 4;
  spec.final_lr_fraction = 0.1;
  EXPECT_DOUBLE_EQ(LearningRate(spec, 0, 104), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 3, 104), 2.0);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 60, 104), 2.0);
  for (const char* schedule : {"cosine", "linear"}) {
    spec.schedule = schedule;
    EXPECT_DOUBLE_EQ(LearningRate(spec, 4, 105), 2.0) << schedule;
    EXPECT_NEAR(LearningRate(spec, 54, 105), 1.1, 1e-12) << schedule;
    EXPECT_NEAR(LearningRate(spec, 104, 105), 0.2, 1e-12) << schedule;
  }
  spec.warmup_steps = 0;
  EXPECT_DOUBLE_EQ(LearningRate(spec, 0, 1), 2.0);
}

}  // namespace
}  // namespace hone
