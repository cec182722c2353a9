#include "trainer/rollout_gap.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

TEST(RolloutGapTest, OnlySamplesOnPolicyMustAgree) {
  RolloutGap gap;
  gap.Add(0, true);
  gap.Add(0.5, false);
  EXPECT_EQ(gap.largest(), 0.5);
  EXPECT_TRUE(gap.Check(0.0, 1).ok());
  gap.Add(1e-9, true);
  const Status status = gap.Check(0.0, 7);
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_THAT(status.message(), HasSubstr("step 7: a token's log-prob differs by 1e-09"));
  EXPECT_TRUE(gap.Check(1e-6, 7).ok());
  EXPECT_TRUE(gap.Check(std::nullopt, 7).ok());
}

TEST(RolloutGapTest, NotANumberIsNoAgreement) {
  for (const bool later : {true, false}) {
    RolloutGap gap;
    if (later) gap.Add(0, true);
    gap.Add(NAN, true);
    gap.Add(0, true);
    EXPECT_TRUE(std::isnan(gap.largest()));
    EXPECT_FALSE(gap.Check(1e9, 1).ok());
    EXPECT_TRUE(gap.Check(std::nullopt, 1).ok());
  }
}

}  // namespace
}  // namespace hone
