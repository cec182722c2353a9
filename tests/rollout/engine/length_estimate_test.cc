#include "rollout/engine/length_estimate.h"

#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(LengthEstimateTest, KnowsNothingBeforeTheFirstEnd) {
  LengthEstimate lengths;
  EXPECT_FALSE(lengths.Mean(1000).has_value());
  EXPECT_FALSE(lengths.OfPrompt(LengthEstimate::Key({1, 2})).has_value());
}

TEST(LengthEstimateTest, WhatStillRunsCountsAsFarAsItIs) {
  LengthEstimate lengths;
  lengths.Observe(1, 10);
  lengths.Observe(1, 30);
  EXPECT_EQ(lengths.Mean(0), 20);
  // Short ones end first: with 160 tokens in work the mean must be larger.
  EXPECT_EQ(lengths.Mean(160), 100);
}

TEST(LengthEstimateTest, FollowsAPolicyWhoseAnswersGrow) {
  LengthEstimate lengths;
  for (int i = 0; i < 2000; ++i) lengths.Observe(i, 10);
  for (int i = 0; i < 2000; ++i) lengths.Observe(i, 100);
  EXPECT_GT(*lengths.Mean(0), 85);
  EXPECT_LE(*lengths.Mean(0), 100);
}

TEST(LengthEstimateTest, RemembersPrompts) {
  const uint64_t a = LengthEstimate::Key({1, 2}), b = LengthEstimate::Key({2, 1});
  ASSERT_NE(a, b);
  EXPECT_EQ(a, LengthEstimate::Key({1, 2}));
  LengthEstimate lengths;
  lengths.Observe(a, 8);
  lengths.Observe(b, 100);
  lengths.Observe(a, 16);
  EXPECT_EQ(lengths.OfPrompt(a), 10);  // a fourth of the way
  EXPECT_EQ(lengths.OfPrompt(b), 100);
  for (uint64_t i = 0; i < 200000; ++i) lengths.Observe(i, 5);  // bounded: this forgets, no more
  EXPECT_EQ(lengths.OfPrompt(199999), 5);
}

}  // namespace
}  // namespace hone
