#include "trainer/dynamic_sampling.h"

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Asked = std::vector<std::pair<int, int64_t>>;

Group MakeGroup(uint64_t id, const std::vector<double>& rewards) {
  Group group;
  group.prompt.id = id;
  for (const double reward : rewards) {
    group.scores.push_back({Outcome::kIncorrect, reward, {}, ""});
  }
  return group;
}

std::vector<uint64_t> Ids(const std::vector<Group>& groups) {
  std::vector<uint64_t> ids;
  for (const Group& group : groups) ids.push_back(group.prompt.id);
  return ids;
}

// Prompt number n of round r has the id 100·r + n; of every `period` the first has contrast.
StepGroups Sample(int max_rounds, int64_t wanted, int period, Asked* asked) {
  AlgorithmSpec algorithm;
  algorithm.max_sampling_rounds = max_rounds;
  const auto groups = SampleUntilFull(
      algorithm, wanted, [&](int round, int64_t prompts) -> StatusOr<std::vector<Group>> {
        asked->emplace_back(round, prompts);
        std::vector<Group> sampled;
        for (int64_t n = 0; n < prompts; ++n) {
          const bool contrast = period > 0 && n % period == 0;
          sampled.push_back(MakeGroup(100 * round + n, {1, contrast ? 0.0 : 1.0}));
        }
        return sampled;
      });
  EXPECT_TRUE(groups.ok()) << groups.status();
  return *groups;
}

TEST(SampleUntilFullTest, OneRoundIsEnoughWhenAllGroupsHaveContrast) {
  Asked asked;
  const StepGroups groups = Sample(10, 4, 1, &asked);
  EXPECT_THAT(asked, ElementsAre(std::pair(0, 4)));
  EXPECT_THAT(Ids(groups.train), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(groups.dropped, IsEmpty());
  EXPECT_EQ(groups.rounds, 1);
}

TEST(SampleUntilFullTest, FurtherRoundsAskForWhatTheYieldSays) {
  Asked asked;
  const StepGroups groups = Sample(10, 8, 2, &asked);
  // Half of 8 are of use, so 8 more should yield the 4 that are missing.
  EXPECT_THAT(asked, ElementsAre(std::pair(0, 8), std::pair(1, 8)));
  EXPECT_THAT(Ids(groups.train), ElementsAre(0, 2, 4, 6, 100, 102, 104, 106));
  EXPECT_EQ(groups.dropped.size(), 8u);
  EXPECT_EQ(groups.All().size(), 16u);
  EXPECT_EQ(groups.rounds, 2);
}

TEST(SampleUntilFullTest, WhatIsTooMuchIsDroppedInOrder) {
  Asked asked;
  const StepGroups groups = Sample(10, 5, 3, &asked);  // 2 of 5, then 2 of 5, then 2 of 3
  EXPECT_THAT(asked, ElementsAre(std::pair(0, 5), std::pair(1, 5), std::pair(2, 3)));
  EXPECT_THAT(Ids(groups.train), ElementsAre(0, 3, 100, 103, 200));
}

TEST(SampleUntilFullTest, GoesOnWithWhatThereIsAfterTheLastRound) {
  Asked asked;
  const StepGroups none = Sample(3, 4, 0, &asked);
  EXPECT_THAT(asked, ElementsAre(std::pair(0, 4), std::pair(1, 4), std::pair(2, 4)));
  EXPECT_THAT(none.train, IsEmpty());
  EXPECT_EQ(none.dropped.size(), 12u);
  asked.clear();
  EXPECT_THAT(Ids(Sample(1, 4, 2, &asked).train), ElementsAre(0, 2));
}

TEST(SampleUntilFullTest, TheVerifiersFailuresMakeNoContrast) {
  Group failed = MakeGroup(7, {1, 1, 0});
  failed.scores[2].outcome = Outcome::kTimeout;
  Group single = MakeGroup(8, {1, 0});
  single.scores[0].outcome = Outcome::kError;
  AlgorithmSpec algorithm;
  algorithm.max_sampling_rounds = 1;
  const auto groups = SampleUntilFull(algorithm, 2, [&](int, int64_t) {
    return StatusOr<std::vector<Group>>({failed, single});
  });
  ASSERT_TRUE(groups.ok());
  EXPECT_THAT(groups->train, IsEmpty());
}

TEST(SampleUntilFullTest, AnErrorEndsIt) {
  const auto groups = SampleUntilFull({}, 2, [](int, int64_t) -> StatusOr<std::vector<Group>> {
    return absl::CancelledError("asked to stop");
  });
  EXPECT_TRUE(absl::IsCancelled(groups.status()));
}

}  // namespace
}  // namespace hone
