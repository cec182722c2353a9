// Waiting for some of the groups that are in flight.
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/trainer/coordinator/dispatcher_fixture.h"
#include "trainer/coordinator/dispatcher.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DispatcherSomeTest : public DispatcherTest {
 protected:
  DispatcherSomeTest() {
    AddWorker("rollout-0");
    AddService("reward-0");
    dispatcher_.Publish(SmallPublished(1));
  }

  // A job that follows the weights, with prompts of these ids, and a lease on all of them.
  std::pair<JobId, LeaseGrant> Start(uint64_t first_prompt_id, int num_prompts) {
    GenerateJob job = MakeJob(first_prompt_id, num_prompts, 2);
    job.follow_weights = true;
    const JobId id = *dispatcher_.Enqueue(std::move(job));
    const LeaseGrant grant = Lease("rollout-0", 1000);
    EXPECT_EQ(std::ssize(grant.groups), num_prompts);
    return {id, grant};
  }
  // The group of that number comes back and is scored.
  void Complete(const LeaseGrant& grant, int group) {
    EXPECT_EQ(Submit(Finish("rollout-0", grant, group)).accepted, 2);
    ScoreNext(Outcome::kCorrect);
  }

  static std::vector<uint64_t> Ids(const StatusOr<std::vector<Group>>& groups) {
    EXPECT_TRUE(groups.ok()) << groups.status();
    std::vector<uint64_t> ids;
    if (!groups.ok()) return ids;
    for (const Group& group : *groups) {
      EXPECT_EQ(group.scores.size(), 2u);
      ids.push_back(group.prompt.id);
    }
    return ids;
  }
  std::vector<uint64_t> WaitFor(const SomeGroups& some) {
    return Ids(dispatcher_.WaitForSome(some, nullptr));
  }
};

TEST_F(DispatcherSomeTest, TakesWhatIsScoredAndLeavesTheRest) {
  const auto [first, first_grant] = Start(10, 3);
  const auto [second, second_grant] = Start(20, 2);
  Complete(second_grant, 0);
  Complete(first_grant, 1);
  EXPECT_THAT(WaitFor({.jobs = {first, second}, .count = 2}), ElementsAre(11, 20));
  EXPECT_EQ(Submit(Finish("rollout-0", first_grant, 1)).duplicates, 2);

  // More than are wanted: those first enqueued.
  Complete(second_grant, 1);
  Complete(first_grant, 2);
  EXPECT_THAT(WaitFor({.jobs = {first, second}, .count = 1}), ElementsAre(12));
  // Fewer are left than are wanted.
  Complete(first_grant, 0);
  EXPECT_THAT(WaitFor({.jobs = {first, second}, .count = 9}), ElementsAre(10, 21));
  // Nothing is left, so the jobs are gone.
  EXPECT_TRUE(
      absl::IsNotFound(dispatcher_.WaitForSome({.jobs = {second}, .count = 1}, nullptr).status()));
}

TEST_F(DispatcherSomeTest, WhatIsLeftIsWaitedForAsAWhole) {
  const auto [job, grant] = Start(10, 3);
  Complete(grant, 1);
  EXPECT_THAT(WaitFor({.jobs = {job}, .count = 1}), ElementsAre(11));
  Complete(grant, 2);
  Complete(grant, 0);
  EXPECT_THAT(Ids(dispatcher_.Wait(job, nullptr)), ElementsAre(10, 12));
}

TEST_F(DispatcherSomeTest, AGroupTooOldToBeLeftIsWaitedForAndComesFirst) {
  const auto [first, first_grant] = Start(10, 1);
  dispatcher_.Publish(SmallPublished(3));
  const auto [second, second_grant] = Start(20, 1);
  Complete(second_grant, 0);
  StatusOr<std::vector<Group>> groups;
  std::thread waiting([&, jobs = std::vector<JobId>{first, second}] {
    groups = dispatcher_.WaitForSome({.jobs = jobs, .count = 1, .keep_from = 2}, nullptr);
  });
  clock_.AwaitWaiters(1);
  Complete(first_grant, 0);
  waiting.join();
  EXPECT_THAT(Ids(groups), ElementsAre(10));
  EXPECT_THAT(WaitFor({.jobs = {second}, .count = 1, .keep_from = 2}), ElementsAre(20));
}

TEST_F(DispatcherSomeTest, ALeaseThatWasLostCountsForTheAge) {
  const auto [first, first_grant] = Start(10, 1);
  const auto [second, second_grant] = Start(20, 1);
  dispatcher_.Publish(SmallPublished(3));
  Pass(100, {"rollout-0"});
  const LeaseGrant again = Lease("rollout-0", 2);
  EXPECT_EQ(again.policy_version, 3u);
  EXPECT_THAT(again.spec->prompts[0].id, 10u);
  AddService("reward-0");
  Complete(second_grant, 0);
  // What the first lease allowed may still come, so the group is as old as that.
  EXPECT_THAT(WaitFor({.jobs = {first, second}, .count = 1, .keep_from = 1}), ElementsAre(20));
  StatusOr<std::vector<Group>> groups;
  std::thread waiting([&, jobs = std::vector<JobId>{first}] {
    groups = dispatcher_.WaitForSome({.jobs = jobs, .count = 1, .keep_from = 2}, nullptr);
  });
  clock_.AwaitWaiters(1);
  Complete(first_grant, 0);
  waiting.join();
  ASSERT_THAT(Ids(groups), ElementsAre(10));
  EXPECT_EQ((*groups)[0].policy_version, 1u);
}

TEST_F(DispatcherSomeTest, AGroupThatWasNeverLeasedHasNoAge) {
  const auto [first, grant] = Start(10, 1);
  const JobId second = *dispatcher_.Enqueue(MakeJob(20, 1, 2));
  Complete(grant, 0);
  EXPECT_THAT(WaitFor({.jobs = {first, second}, .count = 1, .keep_from = 9}), ElementsAre(10));
}

TEST_F(DispatcherSomeTest, CountsTowardsWhatIsWantedAndStopsWhenAsked) {
  const auto [job, grant] = Start(10, 3);
  Complete(grant, 0);
  EXPECT_THAT(WaitFor({.jobs = {job}, .count = 1}), ElementsAre(10));
  Complete(grant, 2);
  std::pair<int64_t, int64_t> heard;
  const auto stop = [&](int64_t num_scored, int64_t num_samples) {
    heard = {num_scored, num_samples};
    return absl::CancelledError("asked to stop");
  };
  EXPECT_TRUE(
      absl::IsCancelled(dispatcher_.WaitForSome({.jobs = {job}, .count = 2}, stop).status()));
  EXPECT_EQ(heard, (std::pair<int64_t, int64_t>{2, 4}));
  EXPECT_TRUE(absl::IsNotFound(dispatcher_.Wait(job, nullptr).status()));
}

TEST_F(DispatcherSomeTest, AGroupThatCannotBeMadeFailsTheWaitAtOnce) {
  const auto [first, first_grant] = Start(10, 1);
  const auto [second, second_grant] = Start(20, 1);
  Complete(first_grant, 0);
  Submission submission = Finish("rollout-0", second_grant, 0);
  submission.groups[0].completions.clear();
  submission.groups[0].error = "the prompt is too long";
  EXPECT_EQ(Submit(std::move(submission)).accepted, 0);
  const Status status =
      dispatcher_.WaitForSome({.jobs = {first, second}, .count = 1}, nullptr).status();
  EXPECT_THAT(status.message(), HasSubstr("rollout-0 cannot sample prompt 20"));
  // All of the jobs are given up.
  EXPECT_TRUE(absl::IsNotFound(dispatcher_.Wait(first, nullptr).status()));
}

TEST_F(DispatcherSomeTest, AStallIsOfWhatIsLeft) {
  const auto [first, grant] = Start(10, 3);
  Complete(grant, 0);
  EXPECT_THAT(WaitFor({.jobs = {first}, .count = 1}), ElementsAre(10));
  const JobId second = *dispatcher_.Enqueue(MakeJob(20, 1, 2));
  Status status;
  std::thread waiting([&, jobs = std::vector<JobId>{first, second}] {
    status = dispatcher_.WaitForSome({.jobs = jobs, .count = 2}, nullptr).status();
  });
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Seconds(301));
  waiting.join();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("3 of 3 groups are still to be generated"));
}

}  // namespace
}  // namespace hone
