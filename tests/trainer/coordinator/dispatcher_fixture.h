// A dispatcher with a clock that the test moves, and short ways to do what its callers do.
#ifndef HONE_TESTS_TRAINER_COORDINATOR_DISPATCHER_FIXTURE_H_
#define HONE_TESTS_TRAINER_COORDINATOR_DISPATCHER_FIXTURE_H_

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/base/manual_clock.h"
#include "tests/trainer/coordinator/jobs.h"
#include "trainer/coordinator/dispatcher.h"

namespace hone {

inline constexpr char kHash[] = "hash";

class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest() : dispatcher_(Options()) {}

  CoordinatorOptions Options() {
    CoordinatorOptions options;
    options.experiment_hash = kHash;
    options.heartbeat_seconds = 2;
    options.lease_seconds = 100;
    options.no_progress_seconds = 300;
    options.max_pending_groups = 1000;
    options.clock = &clock_;
    return options;
  }

  void AddWorker(const std::string& id) {
    EXPECT_TRUE(dispatcher_.Register(id, MemberRole::kRollout, "", kHash).ok());
  }
  void AddService(const std::string& id) {
    EXPECT_TRUE(dispatcher_.Register(id, MemberRole::kReward, id + ":1", kHash).ok());
  }

  // Time passes while these members keep saying that they live.
  void Pass(double seconds, const std::vector<std::string>& workers) {
    for (double passed = 0; passed < seconds; passed += 1) {
      clock_.Advance(absl::Seconds(1));
      for (const std::string& id : workers) {
        EXPECT_TRUE(TryLease(id, 0).ok());
      }
    }
  }

  StatusOr<LeaseGrant> TryLease(const std::string& id, int free_sequences) {
    return dispatcher_.Lease(id, free_sequences, absl::ZeroDuration(), [] { return false; });
  }
  LeaseGrant Lease(const std::string& id, int free_sequences) {
    StatusOr<LeaseGrant> grant = TryLease(id, free_sequences);
    EXPECT_TRUE(grant.ok()) << grant.status();
    return *std::move(grant);
  }

  // The submission of one group of a lease.
  static Submission Finish(const std::string& id, const LeaseGrant& grant, int group) {
    Submission submission{.client_id = id,
                          .lease_id = grant.lease_id,
                          .policy_version = grant.policy_version,
                          .effort = {.generate_seconds = 0.5,
                                     .generated_tokens = 10,
                                     .occupied_seconds = 0.25,
                                     .cached_seconds = 0.125}};
    submission.groups.push_back({.prompt_id = grant.spec->prompts[group].id,
                                 .completions = MakeCompletions(grant.spec->num_samples)});
    return submission;
  }
  SubmissionResult Submit(Submission submission) {
    const StatusOr<SubmissionResult> result = dispatcher_.Submit(std::move(submission));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(SubmissionResult());
  }

  // Scores of one batch, all with this outcome.
  static std::vector<std::vector<Score>> Scores(const ScoreBatch& batch, Outcome outcome) {
    std::vector<std::vector<Score>> scores;
    for (const ScoreTask& task : batch.tasks) {
      Score score;
      score.outcome = outcome;
      score.reward = 1;
      scores.emplace_back(task.samples.size(), score);
    }
    return scores;
  }
  void ScoreNext(Outcome outcome) {
    std::optional<ScoreBatch> batch = dispatcher_.NextScoreBatch();
    ASSERT_TRUE(batch.has_value());
    auto scores = Scores(*batch, outcome);
    dispatcher_.FinishScoring(*std::move(batch), std::move(scores), 0.1);
  }

  // What Wait says when nothing moves.
  std::string StallMessage(JobId job) {
    Status status;
    std::thread waiting([&] { status = dispatcher_.Wait(job, nullptr).status(); });
    clock_.AwaitWaiters(1);
    clock_.Advance(absl::Seconds(301));
    waiting.join();
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    return std::string(status.message());
  }

  ManualClock clock_;
  Dispatcher dispatcher_;
};

}  // namespace hone

#endif  // HONE_TESTS_TRAINER_COORDINATOR_DISPATCHER_FIXTURE_H_
