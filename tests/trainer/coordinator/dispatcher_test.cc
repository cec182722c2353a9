#include "trainer/coordinator/dispatcher.h"

#include <functional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/philox.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/trainer/coordinator/dispatcher_fixture.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(DispatcherTest, RefusesAnotherExperiment) {
  const Status status =
      dispatcher_.Register("rollout-0", MemberRole::kRollout, "", "other").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("another experiment"));
}

TEST_F(DispatcherTest, KnowsOnlyTheRegistered) {
  EXPECT_TRUE(absl::IsNotFound(TryLease("rollout-0", 1).status()));
  EXPECT_TRUE(absl::IsNotFound(dispatcher_.Submit({.client_id = "rollout-0"}).status()));
  AddWorker("rollout-0");
  EXPECT_TRUE(TryLease("rollout-0", 1).ok());
}

TEST_F(DispatcherTest, LeasesOnlyPublishedWeights) {
  AddWorker("rollout-0");
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 2, 4)).ok());
  EXPECT_EQ(Lease("rollout-0", 8).spec, nullptr);
  dispatcher_.Publish(SmallPublished(3));
  const LeaseGrant grant = Lease("rollout-0", 8);
  EXPECT_EQ(grant.policy_version, 3u);
  EXPECT_THAT(grant.groups, ElementsAre(0, 1));
  EXPECT_EQ(Lease("rollout-0", 8).spec, nullptr);
}

TEST_F(DispatcherTest, LeasesWhatFits) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 5, 4)).ok());
  EXPECT_THAT(Lease("rollout-0", 11).groups, ElementsAre(0, 1));
  EXPECT_THAT(Lease("rollout-0", 0).groups, IsEmpty());
  EXPECT_THAT(Lease("rollout-0", 3).groups, IsEmpty());
  EXPECT_THAT(Lease("rollout-0", 100).groups, ElementsAre(2, 3, 4));
}

TEST_F(DispatcherTest, AGroupLargerThanAWorkerGoesToAnIdleOne) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 2, 16)).ok());
  const LeaseGrant grant = Lease("rollout-0", 8);
  EXPECT_THAT(grant.groups, ElementsAre(0));
  EXPECT_THAT(Lease("rollout-0", 8).groups, IsEmpty());
  Submit(Finish("rollout-0", grant, 0));
  EXPECT_THAT(Lease("rollout-0", 8).groups, ElementsAre(1));
}

TEST_F(DispatcherTest, LeavesOthersTheirShare) {
  AddWorker("rollout-0");
  AddWorker("rollout-1");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 6, 2)).ok());
  EXPECT_THAT(Lease("rollout-0", 100).groups, ElementsAre(0, 1, 2));
  EXPECT_THAT(Lease("rollout-1", 100).groups, ElementsAre(3, 4));
  EXPECT_THAT(Lease("rollout-1", 100).groups, ElementsAre(5));
}

TEST_F(DispatcherTest, ALeaseHasOneJobTheOldestFirst) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  GenerateJob other = MakeJob(10, 1, 1);
  other.sampling.max_tokens = 32;
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 1, 1)).ok());
  ASSERT_TRUE(dispatcher_.Enqueue(std::move(other)).ok());
  EXPECT_EQ(Lease("rollout-0", 100).spec->prompts[0].id, 1u);
  EXPECT_EQ(Lease("rollout-0", 100).spec->sampling.max_tokens, 32);
}

TEST_F(DispatcherTest, AnExpiredLeaseGoesToAnotherAndTheFirstResultCounts) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 1, 4)).ok());
  const LeaseGrant first = Lease("rollout-0", 4);
  AddWorker("rollout-1");
  Pass(99, {"rollout-0", "rollout-1"});
  EXPECT_EQ(Lease("rollout-1", 4).spec, nullptr);
  Pass(1, {"rollout-0", "rollout-1"});
  const LeaseGrant second = Lease("rollout-1", 4);
  ASSERT_THAT(second.groups, ElementsAre(0));
  EXPECT_NE(second.lease_id, first.lease_id);

  EXPECT_EQ(Submit(Finish("rollout-0", first, 0)).accepted, 4);
  EXPECT_EQ(Submit(Finish("rollout-1", second, 0)).duplicates, 4);
  EXPECT_EQ(Submit(Finish("rollout-0", first, 0)).duplicates, 4);

  const CoordinatorStats stats = dispatcher_.TakeStats();
  EXPECT_EQ(stats.leases_granted, 2);
  EXPECT_EQ(stats.leases_lost, 1);
  EXPECT_EQ(stats.samples_accepted, 4);
  EXPECT_EQ(stats.duplicates_refused, 8);
  EXPECT_EQ(stats.live_workers, 2);
  // Only what was accepted counts as work.
  EXPECT_EQ(stats.workers.size(), 1u);
  EXPECT_EQ(stats.workers.at("rollout-0").generated_tokens, 10);
  EXPECT_EQ(dispatcher_.TakeStats().leases_granted, 0);
}

TEST_F(DispatcherTest, AddsUpAWorkersEffort) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 2, 1)).ok());
  const LeaseGrant grant = Lease("rollout-0", 2);
  Submit(Finish("rollout-0", grant, 0));
  Submit(Finish("rollout-0", grant, 1));
  const CoordinatorStats::Worker worker = dispatcher_.TakeStats().workers.at("rollout-0");
  EXPECT_EQ(worker.generate_seconds, 1);
  EXPECT_EQ(worker.generated_tokens, 20);
  EXPECT_EQ(worker.occupied_seconds, 0.5);
  EXPECT_EQ(worker.cached_seconds, 0.25);
}

TEST_F(DispatcherTest, ASubmissionExtendsItsLease) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 2, 1)).ok());
  const LeaseGrant grant = Lease("rollout-0", 4);
  Pass(60, {"rollout-0"});
  Submit(Finish("rollout-0", grant, 1));
  Pass(60, {"rollout-0"});
  EXPECT_EQ(Lease("rollout-0", 4).spec, nullptr);
  Pass(40, {"rollout-0"});
  EXPECT_THAT(Lease("rollout-0", 4).groups, ElementsAre(0));
}

TEST_F(DispatcherTest, ASilentWorkerIsForgottenAndItsGroupsGoToOthers) {
  AddWorker("rollout-0");
  AddWorker("rollout-1");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 1, 1)).ok());
  const LeaseGrant grant = Lease("rollout-0", 4);
  Pass(5, {"rollout-1"});
  EXPECT_EQ(Lease("rollout-1", 4).spec, nullptr);
  Pass(1, {"rollout-1"});
  EXPECT_THAT(Lease("rollout-1", 4).groups, ElementsAre(0));
  EXPECT_TRUE(absl::IsNotFound(dispatcher_.Submit(Finish("rollout-0", grant, 0)).status()));
  EXPECT_EQ(dispatcher_.TakeStats().leases_lost, 1);
}

TEST_F(DispatcherTest, ALongPollWakesForWorkAndForWorkThatWasLost) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  LeaseGrant grant;
  const auto poll = [&](const std::string& id) {
    return std::thread(
        [&, id] { grant = *dispatcher_.Lease(id, 4, absl::Seconds(1000), [] { return false; }); });
  };
  std::thread first = poll("rollout-0");
  clock_.AwaitWaiters(1);
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 1, 1)).ok());
  first.join();
  EXPECT_THAT(grant.groups, ElementsAre(0));

  AddWorker("rollout-1");
  std::thread second = poll("rollout-1");
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Seconds(6));  // both were silent, but the second is in the call
  second.join();
  EXPECT_THAT(grant.groups, ElementsAre(0));
}

TEST_F(DispatcherTest, GivesNothingToACallerThatHungUp) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 1, 1)).ok());
  EXPECT_TRUE(absl::IsCancelled(
      dispatcher_.Lease("rollout-0", 4, absl::ZeroDuration(), [] { return true; }).status()));
  EXPECT_THAT(Lease("rollout-0", 4).groups, ElementsAre(0));
}

TEST_F(DispatcherTest, ResultsOfAVersionThatIsOverAreRefused) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 1, 1)).ok());
  const LeaseGrant old = Lease("rollout-0", 4);
  dispatcher_.Publish(SmallPublished(2));
  Pass(100, {"rollout-0"});
  const LeaseGrant current = Lease("rollout-0", 4);
  EXPECT_EQ(current.policy_version, 2u);
  EXPECT_EQ(Submit(Finish("rollout-0", old, 0)).duplicates, 1);
  EXPECT_EQ(Submit(Finish("rollout-0", current, 0)).accepted, 1);
}

TEST_F(DispatcherTest, WeightsThatAreOverEndTheLeasesOnThem) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 1, 1)).ok());
  EXPECT_EQ(Lease("rollout-0", 4).policy_version, 1u);
  EXPECT_TRUE(dispatcher_.WeightsFor("rollout-0", 1).ok());
  dispatcher_.Publish(SmallPublished(2));
  EXPECT_TRUE(absl::IsNotFound(dispatcher_.WeightsFor("rollout-0", 1).status()));
  EXPECT_EQ(Lease("rollout-0", 4).policy_version, 2u);
  EXPECT_EQ((*dispatcher_.WeightsFor("rollout-0", 2))->version, 2u);
}

TEST_F(DispatcherTest, ASubmissionThatMakesNoSenseHasNoEffect) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(1, 2, 2)).ok());
  const LeaseGrant grant = Lease("rollout-0", 4);
  const auto refused = [&](const std::function<void(std::vector<Completion>*)>& spoil) {
    Submission submission = Finish("rollout-0", grant, 0);
    submission.groups.push_back(Finish("rollout-0", grant, 1).groups[0]);
    spoil(&submission.groups[1].completions);
    return absl::IsInvalidArgument(dispatcher_.Submit(std::move(submission)).status());
  };
  EXPECT_TRUE(refused([](auto* completions) { completions->pop_back(); }));
  EXPECT_TRUE(refused([](auto* completions) { completions->push_back(completions->back()); }));
  EXPECT_TRUE(refused([](auto* completions) { completions->front().tokens.clear(); }));
  EXPECT_TRUE(refused([](auto* completions) { completions->front().tokens.resize(65); }));
  EXPECT_TRUE(refused([](auto* completions) { completions->front().tokens[0] = kVocabSize; }));
  EXPECT_EQ(Submit(Finish("rollout-0", grant, 0)).accepted, 2);
  // A group twice in one call, and one that nobody asked for.
  Submission twice = Finish("rollout-0", grant, 1);
  twice.groups.push_back(twice.groups[0]);
  twice.groups.push_back({.prompt_id = 77, .completions = MakeCompletions(2)});
  const SubmissionResult result = Submit(std::move(twice));
  EXPECT_EQ(result.accepted, 2);
  EXPECT_EQ(result.duplicates, 4);
}

TEST_F(DispatcherTest, NewerVersionsCountOnlyWhereTheJobFollowsTheWeights) {
  AddWorker("rollout-0");
  EXPECT_FALSE(Lease("rollout-0", 0).published_version.has_value());
  dispatcher_.Publish(SmallPublished(5));
  EXPECT_EQ(Lease("rollout-0", 0).published_version, 5u);
  GenerateJob follows = MakeJob(1, 1, 1);
  follows.follow_weights = true;
  ASSERT_TRUE(dispatcher_.Enqueue(std::move(follows)).ok());
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(2, 1, 1)).ok());
  const LeaseGrant free = Lease("rollout-0", 1), bound = Lease("rollout-0", 1);
  dispatcher_.Publish(SmallPublished(7));
  const auto submit = [&](const LeaseGrant& grant, uint64_t first, uint64_t last) {
    Submission submission = Finish("rollout-0", grant, 0);
    Completion& completion = submission.groups[0].completions[0];
    completion.versions = {{first, 1}, {last, std::ssize(completion.tokens) - 1}};
    return dispatcher_.Submit(std::move(submission)).status();
  };
  EXPECT_THAT(submit(free, 4, 6).message(), HasSubstr("begins with version 4"));
  EXPECT_THAT(submit(free, 5, 8).message(), HasSubstr("has version 8, the newest is 7"));
  EXPECT_TRUE(submit(free, 6, 7).ok());
  EXPECT_THAT(submit(bound, 5, 6).message(), HasSubstr("wanted only 5"));
  EXPECT_EQ(Submit(Finish("rollout-0", bound, 0)).accepted, 1);
}

TEST_F(DispatcherTest, WhereAJobFollowsTheWeightsAnyLeaseOfAGroupServes) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  GenerateJob follows = MakeJob(1, 2, 1);
  follows.follow_weights = true;
  const JobId job = *dispatcher_.Enqueue(std::move(follows));
  const LeaseGrant first = Lease("rollout-0", 2);
  dispatcher_.Publish(SmallPublished(3));
  Pass(100, {"rollout-0"});
  const LeaseGrant second = Lease("rollout-0", 2);
  ASSERT_EQ(second.policy_version, 3u);
  // The first lease's work goes on: as it is, or under the name of the second.
  EXPECT_EQ(Submit(Finish("rollout-0", first, 0)).accepted, 1);
  Submission submission = Finish("rollout-0", second, 1);
  Completion& completion = submission.groups[0].completions[0];
  completion.versions = {{0, 1}, {3, std::ssize(completion.tokens) - 1}};
  EXPECT_THAT(dispatcher_.Submit(submission).status().message(),
              HasSubstr("begins with version 0"));
  completion.versions[0].version = 1;
  EXPECT_EQ(Submit(submission).accepted, 1);
  AddService("reward-0");
  ScoreNext(Outcome::kCorrect);
  const auto groups = dispatcher_.Wait(job, nullptr);
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_EQ((*groups)[0].policy_version, 1u);
  EXPECT_EQ((*groups)[1].policy_version, 3u);
  EXPECT_EQ((*groups)[1].oldest_version((*groups)[1].completions[0]), 1u);
}

TEST_F(DispatcherTest, AGroupThatCannotBeMadeFailsItsJobAlone) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  const JobId first = *dispatcher_.Enqueue(MakeJob(1, 2, 1));
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(5, 1, 1)).ok());
  Submission submission = Finish("rollout-0", Lease("rollout-0", 2), 0);
  submission.groups[0].completions.clear();
  submission.groups[0].error = "the prompt is too long";
  EXPECT_EQ(Submit(std::move(submission)).accepted, 0);
  const Status status = dispatcher_.Wait(first, nullptr).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(),
              HasSubstr("rollout-0 cannot sample prompt 1: the prompt is too long"));
  EXPECT_EQ(Submit(Finish("rollout-0", Lease("rollout-0", 2), 0)).accepted, 1);
}

TEST_F(DispatcherTest, RefusesJobsThatMakeNoSense) {
  EXPECT_TRUE(absl::IsInvalidArgument(dispatcher_.Enqueue({}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(dispatcher_.Enqueue(MakeJob(1, 1, 0)).status()));
  GenerateJob job = MakeJob(1, 1, 1);
  job.reward.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(dispatcher_.Enqueue(job).status()));
  job = MakeJob(1, 2, 1);
  job.prompts[1].id = 1;
  EXPECT_TRUE(absl::IsInvalidArgument(dispatcher_.Enqueue(job).status()));
  const StatusOr<JobId> id = dispatcher_.Enqueue(MakeJob(1, 2, 1));
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_TRUE(absl::IsInvalidArgument(dispatcher_.Enqueue(MakeJob(2, 1, 1)).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(dispatcher_.Enqueue(MakeJob(10, 999, 1)).status()));
  EXPECT_TRUE(absl::IsNotFound(dispatcher_.Wait(*id + 1, nullptr).status()));
}

TEST_F(DispatcherTest, WaitGivesGroupsInOrder) {
  AddWorker("rollout-0");
  AddService("reward-0");
  dispatcher_.Publish(SmallPublished(5));
  const JobId job = *dispatcher_.Enqueue(MakeJob(7, 3, 2));
  const LeaseGrant grant = Lease("rollout-0", 100);
  for (const int group : {2, 0, 1}) {
    Submit(Finish("rollout-0", grant, group));
    ScoreNext(Outcome::kCorrect);
  }
  std::vector<std::pair<int64_t, int64_t>> heard;
  const auto groups = dispatcher_.Wait(job, [&](int64_t scored, int64_t samples) {
    heard.emplace_back(scored, samples);
    return absl::OkStatus();
  });
  ASSERT_TRUE(groups.ok()) << groups.status();
  ASSERT_EQ(groups->size(), 3u);
  for (int i = 0; i < 3; ++i) {
    const Group& group = (*groups)[i];
    EXPECT_EQ(group.prompt.id, 7u + i);
    EXPECT_EQ(group.policy_version, 5u);
    ASSERT_EQ(group.completions.size(), 2u);
    EXPECT_EQ(group.completions[1].sample_index, 1);
    ASSERT_EQ(group.scores.size(), 2u);
    EXPECT_EQ(group.scores[1].outcome, Outcome::kCorrect);
  }
  EXPECT_TRUE(absl::IsNotFound(dispatcher_.Wait(job, nullptr).status()));
  // The prompt ids are free again.
  EXPECT_TRUE(dispatcher_.Enqueue(MakeJob(7, 3, 2)).ok());
}

TEST_F(DispatcherTest, WaitSaysWhatIsMissing) {
  const JobId job = *dispatcher_.Enqueue(MakeJob(1, 3, 1));
  EXPECT_THAT(StallMessage(job), HasSubstr("no weights are published"));
}

TEST_F(DispatcherTest, WaitSaysThatNoWorkerIsThere) {
  dispatcher_.Publish(SmallPublished(1));
  const JobId job = *dispatcher_.Enqueue(MakeJob(1, 3, 1));
  EXPECT_EQ(StallMessage(job),
            "no progress for 300 s: no rollout worker is registered (3 of 3 groups are still to be "
            "generated)");
}

TEST_F(DispatcherTest, WaitSaysWhoHasTheGroups) {
  CoordinatorOptions options = Options();
  options.heartbeat_seconds = options.lease_seconds = 1000;
  Dispatcher dispatcher(options);
  ASSERT_TRUE(dispatcher.Register("rollout-1", MemberRole::kRollout, "", kHash).ok());
  dispatcher.Publish(SmallPublished(1));
  const JobId job = *dispatcher.Enqueue(MakeJob(1, 3, 1));
  ASSERT_TRUE(dispatcher.Lease("rollout-1", 3, absl::ZeroDuration(), [] { return false; })->spec !=
              nullptr);
  Status status;
  std::thread waiting([&] { status = dispatcher.Wait(job, nullptr).status(); });
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Seconds(300));
  waiting.join();
  EXPECT_EQ(status.message(), "no progress for 300 s: 3 groups leased to rollout-1, none back");
}

TEST_F(DispatcherTest, WaitSaysThatNobodyScores) {
  AddWorker("rollout-0");
  dispatcher_.Publish(SmallPublished(1));
  const JobId job = *dispatcher_.Enqueue(MakeJob(1, 1, 1));
  Submit(Finish("rollout-0", Lease("rollout-0", 1), 0));
  EXPECT_EQ(StallMessage(job),
            "no progress for 300 s: no reward service is registered (1 group to be scored)");
}

TEST_F(DispatcherTest, WaitEndsWithTheRun) {
  const JobId job = *dispatcher_.Enqueue(MakeJob(1, 1, 1));
  Status status;
  std::thread waiting([&] { status = dispatcher_.Wait(job, nullptr).status(); });
  clock_.AwaitWaiters(1);
  dispatcher_.Cancel();
  waiting.join();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST_F(DispatcherTest, WaitEndsWithTheErrorOfItsListener) {
  const JobId job = *dispatcher_.Enqueue(MakeJob(1, 1, 1));
  const auto status =
      dispatcher_.Wait(job, [](int64_t, int64_t) { return absl::AbortedError("enough"); }).status();
  EXPECT_EQ(status.message(), "enough");
}

// --- The end.

TEST_F(DispatcherTest, EverybodyIsToldThatTheRunIsDone) {
  AddWorker("rollout-0");
  AddService("reward-0");
  dispatcher_.Finish();
  std::thread finishing([&] { dispatcher_.AwaitAllTold(); });
  clock_.AwaitWaiters(1);
  EXPECT_TRUE(Lease("rollout-0", 1).done);
  EXPECT_TRUE(*dispatcher_.Register("reward-0", MemberRole::kReward, "reward-0:1", kHash));
  finishing.join();
}

TEST_F(DispatcherTest, TheSilentAreNotWaitedForForLong) {
  AddWorker("rollout-0");
  dispatcher_.Finish();
  std::thread finishing([&] { dispatcher_.AwaitAllTold(); });
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Seconds(6));
  finishing.join();
}

// Workers that come, go, stall and repeat themselves in random order: every sample is accepted once
// and only once.
TEST_F(DispatcherTest, EverySampleIsAcceptedExactlyOnce) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Random random(seed, 0);
    Dispatcher dispatcher(Options());
    const auto alive = [] { return false; };
    ASSERT_TRUE(dispatcher.Register("reward", MemberRole::kReward, "reward:1", kHash).ok());
    dispatcher.Publish(SmallPublished(1));
    const JobId job = *dispatcher.Enqueue(MakeJob(0, 20, 3));
    std::vector<Submission> in_flight;
    int64_t accepted = 0, duplicates = 0, submitted = 0;
    while (accepted < 60) {
      const std::string id = absl::StrCat("rollout-", random.Below(3));
      switch (random.Below(5)) {
        case 0:
          ASSERT_TRUE(dispatcher.Register(id, MemberRole::kRollout, "", kHash).ok());
          break;
        case 1: {
          const auto grant =
              dispatcher.Lease(id, static_cast<int>(random.Below(12)), absl::ZeroDuration(), alive);
          if (!grant.ok()) break;
          for (const int group : grant->groups) in_flight.push_back(Finish(id, *grant, group));
          break;
        }
        case 2:
          clock_.Advance(absl::Seconds(random.Below(4)));
          break;
        default: {
          if (in_flight.empty()) break;
          const size_t i = random.Below(in_flight.size());
          const auto result = dispatcher.Submit(in_flight[i]);
          if (!result.ok()) break;  // forgotten; it may come again later
          submitted += 3;
          accepted += result->accepted;
          duplicates += result->duplicates;
          if (random.Below(4) != 0) in_flight.erase(in_flight.begin() + i);
        }
      }
    }
    EXPECT_EQ(accepted, 60);
    EXPECT_EQ(duplicates, submitted - accepted);
    int64_t scored = 0;
    ASSERT_TRUE(dispatcher.Register("reward", MemberRole::kReward, "reward:1", kHash).ok());
    while (scored < 60) {
      ScoreBatch batch = *dispatcher.NextScoreBatch();
      for (const ScoreTask& task : batch.tasks) scored += task.samples.size();
      auto scores = Scores(batch, Outcome::kCorrect);
      dispatcher.FinishScoring(std::move(batch), std::move(scores), 0);
    }
    const auto groups = dispatcher.Wait(job, nullptr);
    ASSERT_TRUE(groups.ok()) << groups.status();
    std::set<uint64_t> prompts;
    for (const Group& group : *groups) prompts.insert(group.prompt.id);
    EXPECT_EQ(prompts.size(), 20u);
  }
}

}  // namespace
}  // namespace hone
