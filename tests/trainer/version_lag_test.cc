#include "trainer/version_lag.h"

#include <gtest/gtest.h>

#include <vector>

namespace hone {
namespace {

VersionLag Measure(const std::vector<Group>& groups, uint64_t version) {
  std::vector<const Group*> all;
  for (const Group& group : groups) all.push_back(&group);
  return MeasureVersionLag(all, version);
}

// A completion that those versions made, or the group's.
Completion Made(int64_t tokens, std::vector<VersionSpan> versions = {}) {
  Completion completion;
  completion.tokens.assign(tokens, 7);
  completion.versions = std::move(versions);
  return completion;
}

TEST(VersionLag, IsNoneWhereTheStepsOwnWeightsMadeAll) {
  const VersionLag lag =
      Measure({{.policy_version = 5, .completions = {Made(10), Made(4, {{5, 4}})}}}, 5);
  EXPECT_EQ(lag.max, 0u);
  EXPECT_EQ(lag.mean, 0);
  EXPECT_EQ(lag.old_samples, 0);
  EXPECT_EQ(lag.old_tokens, 0);
}

TEST(VersionLag, CountsTokensByTheVersionThatMadeThem) {
  const VersionLag lag =
      Measure({{.policy_version = 3, .completions = {Made(10), Made(8, {{3, 2}, {4, 5}, {5, 1}})}},
               {.policy_version = 5, .completions = {Made(6), Made(6)}}},
              5);
  EXPECT_EQ(lag.max, 2u);
  EXPECT_EQ(lag.old_samples, 2);
  EXPECT_EQ(lag.old_tokens, 10 + 2 + 5);
  EXPECT_DOUBLE_EQ(lag.mean, (10 * 2 + 2 * 2 + 5 * 1) / 30.0);
}

TEST(VersionLag, OfNothingIsNone) { EXPECT_EQ(Measure({}, 5).mean, 0); }

}  // namespace
}  // namespace hone
