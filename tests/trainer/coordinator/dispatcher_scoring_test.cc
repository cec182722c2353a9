// The dispatcher's half that faces the reward services.
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

class ScoringTest : public DispatcherTest {
 protected:
  // One group of two samples, generated and to be scored.
  void SetUp() override {
    AddWorker("rollout-0");
    dispatcher_.Publish(SmallPublished(1));
    job_ = *dispatcher_.Enqueue(MakeJob(1, 1, 2));
    Submit(Finish("rollout-0", Lease("rollout-0", 2), 0));
  }

  ScoreBatch Next() {
    std::optional<ScoreBatch> batch = dispatcher_.NextScoreBatch();
    EXPECT_TRUE(batch.has_value());
    return *std::move(batch);
  }
  Group Result() { return dispatcher_.Wait(job_, nullptr)->front(); }

  JobId job_ = 0;
};

TEST_F(ScoringTest, TheLeastBusyServiceIsAsked) {
  AddService("reward-0");
  AddService("reward-1");
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(10, 2, 2)).ok());
  const LeaseGrant grant = Lease("rollout-0", 10);
  const ScoreBatch first = Next();
  Submit(Finish("rollout-0", grant, 0));
  const ScoreBatch second = Next();
  EXPECT_NE(first.service_id, second.service_id);
  dispatcher_.FinishScoring(second, Scores(second, Outcome::kCorrect), 0);
  Submit(Finish("rollout-0", grant, 1));
  EXPECT_EQ(Next().service_id, second.service_id);
}

TEST_F(ScoringTest, ABatchHasOneJob) {
  AddService("reward-0");
  ASSERT_TRUE(dispatcher_.Enqueue(MakeJob(10, 1, 2)).ok());
  Submit(Finish("rollout-0", Lease("rollout-0", 10), 0));
  EXPECT_EQ(Next().tasks.size(), 1u);
  EXPECT_EQ(Next().tasks.size(), 1u);
}

TEST_F(ScoringTest, AServiceThatIsAwayIsLeftAloneForAWhile) {
  AddService("reward-0");
  AddService("reward-1");
  const ScoreBatch first = Next();
  dispatcher_.FailScoring(first, absl::UnavailableError("refused"), 0);
  const ScoreBatch second = Next();
  EXPECT_NE(second.service_id, first.service_id);
  dispatcher_.FailScoring(second, absl::UnavailableError("refused"), 0);

  std::thread scorer([&] {
    const ScoreBatch third = Next();
    dispatcher_.FinishScoring(third, Scores(third, Outcome::kIncorrect), 0);
  });
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Seconds(2));
  scorer.join();
  EXPECT_EQ(Result().scores[1].outcome, Outcome::kIncorrect);
}

TEST_F(ScoringTest, AbsenceNeverCountsAgainstTheSamples) {
  AddService("reward-0");
  for (int i = 0; i < 20; ++i) {
    dispatcher_.FailScoring(Next(), absl::UnavailableError("refused"), 0);
    clock_.Advance(absl::Seconds(16));  // the longest that a service is left alone
    AddService("reward-0");
  }
  ScoreNext(Outcome::kCorrect);
  EXPECT_EQ(Result().scores[0].outcome, Outcome::kCorrect);
}

TEST_F(ScoringTest, ACallInWorkIsNoStall) {
  AddService("reward-0");
  const ScoreBatch batch = Next();
  std::thread waiter([&] {
    const StatusOr<std::vector<Group>> groups = dispatcher_.Wait(job_, nullptr);
    EXPECT_TRUE(groups.ok()) << groups.status();
  });
  for (int i = 0; i < 4; ++i) {
    clock_.AwaitWaiters(1);
    clock_.Advance(absl::Seconds(200));
  }
  clock_.AwaitWaiters(1);
  dispatcher_.FinishScoring(batch, Scores(batch, Outcome::kCorrect), 800);
  waiter.join();
}

TEST_F(ScoringTest, CallsThatKeepTimingOutMakeATimeout) {
  for (int i = 0; i < 3; ++i) {
    AddService("reward-0");
    dispatcher_.FailScoring(Next(), absl::DeadlineExceededError("60 s"), 60);
    clock_.Advance(absl::Seconds(16));
  }
  const Group group = Result();
  EXPECT_EQ(group.scores[0].outcome, Outcome::kTimeout);
  EXPECT_EQ(group.scores[1].components.size(), 2u);
  EXPECT_THAT(group.scores[1].detail, HasSubstr("reward-0: 60 s"));
  EXPECT_EQ(dispatcher_.TakeStats().reward_seconds, 180);
}

TEST_F(ScoringTest, WhatAVerifierFailedOnIsScoredOnceMore) {
  AddService("reward-0");
  const ScoreBatch first = Next();
  ASSERT_THAT(first.tasks[0].samples, ElementsAre(0, 1));
  auto scores = Scores(first, Outcome::kCorrect);
  scores[0][1].outcome = Outcome::kError;
  dispatcher_.FinishScoring(first, scores, 0);

  const ScoreBatch second = Next();
  ASSERT_THAT(second.tasks[0].samples, ElementsAre(1));
  dispatcher_.FinishScoring(second, Scores(second, Outcome::kTimeout), 0);
  const Group group = Result();
  EXPECT_EQ(group.scores[0].outcome, Outcome::kCorrect);
  EXPECT_EQ(group.scores[1].outcome, Outcome::kTimeout);
}

TEST_F(ScoringTest, ARewardThatNobodyKnowsEndsTheJob) {
  AddService("reward-0");
  dispatcher_.FailScoring(Next(), absl::InvalidArgumentError("unknown reward `x`"), 0);
  const Status status = dispatcher_.Wait(job_, nullptr).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("unknown reward `x`"));
}

TEST_F(ScoringTest, ScoresOfAJobThatWasGivenUpAreDropped) {
  AddService("reward-0");
  const ScoreBatch batch = Next();
  dispatcher_.Cancel();
  EXPECT_FALSE(dispatcher_.Wait(job_, nullptr).ok());
  dispatcher_.FinishScoring(batch, Scores(batch, Outcome::kCorrect), 0);
  dispatcher_.FailScoring(batch, absl::UnavailableError("refused"), 0);
  dispatcher_.Close();
  EXPECT_FALSE(dispatcher_.NextScoreBatch().has_value());
}

}  // namespace
}  // namespace hone
