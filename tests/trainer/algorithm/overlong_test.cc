#include "trainer/algorithm/overlong.h"

#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(OverlongRewardTest, FallsOverTheBuffer) {
  AlgorithmSpec algorithm;
  algorithm.overlong_buffer_tokens = 20;
  EXPECT_EQ(OverlongReward(algorithm, 1, 100), 0);
  EXPECT_EQ(OverlongReward(algorithm, 80, 100), 0);
  EXPECT_EQ(OverlongReward(algorithm, 81, 100), -0.05);
  EXPECT_EQ(OverlongReward(algorithm, 90, 100), -0.5);
  EXPECT_EQ(OverlongReward(algorithm, 100, 100), -1);
  EXPECT_EQ(OverlongReward(algorithm, 120, 100), -1);
  algorithm.overlong_penalty = 0.5;
  EXPECT_EQ(OverlongReward(algorithm, 90, 100), -0.25);
}

TEST(OverlongRewardTest, WithoutABufferIsZero) {
  EXPECT_EQ(OverlongReward({}, 100, 100), 0);
  EXPECT_EQ(OverlongReward({}, 101, 100), 0);
}

}  // namespace
}  // namespace hone
