// Real workers on a real coordinator: whatever happens to them, the completions are those that one
// engine makes alone.
#include "rollout/worker.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "reward/reward_service.h"
#include "rollout/engine/engine.h"
#include "tests/data/temp_folder.h"
#include "tests/reward/test_judges.h"
#include "tests/rollout/engine/models.h"
#include "tests/trainer/coordinator/publishing.h"
#include "trainer/coordinator/coordinator.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

constexpr char kHash[] = "hash";

// A role in a thread of its own.
class RoleThread {
 public:
  explicit RoleThread(std::function<Status(const std::atomic<bool>&)> run)
      : thread_([this, run = std::move(run)] { status_ = run(stop_); }) {}
  ~RoleThread() { Stop(); }

  void Stop() {
    stop_ = true;
    (void)Join();
  }
  Status Join() {
    if (thread_.joinable()) thread_.join();
    return status_;
  }

 private:
  std::atomic<bool> stop_{false};
  Status status_;
  std::thread thread_;
};

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    CoordinatorOptions options;
    options.run_id = "run";
    options.experiment_hash = kHash;
    options.heartbeat_seconds = 0.5;
    coordinator_ = *Coordinator::Start(options);
    service_ = std::make_unique<RoleThread>([this](const std::atomic<bool>& stop) {
      RewardServiceOptions service;
      service.coordinator_address = [this] { return coordinator_->address(); };
      service.client_id = "reward-0";
      service.experiment_hash = kHash;
      return RunRewardService(service, TestJudges(), stop);
    });
  }
  ~WorkerTest() override {
    workers_.clear();
    service_.reset();
  }

  RoleThread& AddWorker(int max_sequences) {
    const std::string id = absl::StrCat("rollout-", workers_.size());
    workers_.push_back(
        std::make_unique<RoleThread>([this, id, max_sequences](const std::atomic<bool>& stop) {
          RolloutWorkerOptions options;
          options.coordinator_address = [this] { return coordinator_->address(); };
          options.client_id = id;
          options.experiment_hash = kHash;
          options.max_sequences = max_sequences;
          options.metrics = &metrics_;
          options.trace_path = absl::StrCat(folder_.path(), "/", id, ".json");
          return RunRolloutWorker(options, stop);
        }));
    return *workers_.back();
  }

  static GenerateJob MakeJob() {
    GenerateJob job;
    for (int i = 0; i < 12; ++i) {
      Prompt prompt;
      prompt.id = 1000 + i;
      prompt.problem = {.prompt = "<think>", .answer = R"({"numbers":[3,5,8],"target":23})"};
      for (int t = 0; t <= i; ++t) prompt.tokens.push_back((7 * i + 3 * t) % 67);
      job.prompts.push_back(std::move(prompt));
    }
    job.num_samples = 3;
    job.sampling.max_tokens = 24;
    job.sampling.stop_tokens = {0, 5};
    job.sampling.seed = 11;
    job.reward = {{{"format"}, 1.0}};
    job.decode = [](absl::Span<const int32_t> tokens) { return absl::StrCat(tokens.size()); };
    return job;
  }

  // What one engine makes of the job alone.
  static void ExpectAsFromOneEngine(const std::vector<Group>& groups, const Weights& weights) {
    const GenerateJob job = MakeJob();
    Engine engine(weights.config(), {});
    engine.SetWeights(weights);
    ASSERT_EQ(groups.size(), job.prompts.size());
    for (size_t i = 0; i < groups.size(); ++i) {
      ASSERT_TRUE(engine
                      .Add({.prompt_id = job.prompts[i].id,
                            .prompt_tokens = job.prompts[i].tokens,
                            .num_samples = job.num_samples,
                            .sampling = job.sampling})
                      .ok());
      std::vector<FinishedRequest> finished;
      while (!engine.idle()) engine.Step(&finished);
      ASSERT_EQ(finished.size(), 1u);
      ASSERT_EQ(groups[i].completions.size(), finished[0].completions.size());
      for (size_t j = 0; j < finished[0].completions.size(); ++j) {
        EXPECT_EQ(groups[i].completions[j].tokens, finished[0].completions[j].tokens);
        EXPECT_EQ(groups[i].completions[j].logprobs, finished[0].completions[j].logprobs);
        EXPECT_EQ(groups[i].completions[j].finish_reason, finished[0].completions[j].finish_reason);
      }
    }
  }

  StatusOr<std::vector<Group>> Generate() {
    HONE_ASSIGN_OR_RETURN(const JobId job, coordinator_->Enqueue(MakeJob()));
    return coordinator_->Wait(job);
  }

  TempFolder folder_;
  MetricsRegistry metrics_;  // of all workers
  Publishing publishing_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<RoleThread> service_;
  std::vector<std::unique_ptr<RoleThread>> workers_;
};

// One worker here: the kernels' threads belong to a process, and the roles of a run are processes.
TEST_F(WorkerTest, MakesWhatOneEngineMakesWithEachVersion) {
  AddWorker(/*max_sequences=*/10);
  for (uint64_t version = 1; version <= 3; ++version) {
    const Weights weights = SmallModel(/*tied=*/false, version);
    publishing_.Publish(coordinator_.get(), version, weights);
    const auto groups = Generate();
    ASSERT_TRUE(groups.ok()) << groups.status();
    EXPECT_EQ(groups->front().policy_version, version);
    ExpectAsFromOneEngine(*groups, weights);
  }
  const CoordinatorStats stats = coordinator_->TakeStats();
  EXPECT_EQ(stats.samples_accepted, 3 * 12 * 3);
  EXPECT_EQ(stats.duplicates_refused, 0);
  EXPECT_GT(stats.workers.at("rollout-0").generated_tokens, 0);
  const CoordinatorStats::Worker& worker = stats.workers.at("rollout-0");
  EXPECT_GT(worker.generate_seconds, 0);
  for (const double part : {worker.occupied_seconds, worker.cached_seconds}) {
    EXPECT_GT(part, 0);
    EXPECT_LE(part, worker.generate_seconds);
  }
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr(absl::StrCat("hone_rollout_generated_tokens_total ",
                                           worker.generated_tokens, "\n")));
  EXPECT_THAT(text, HasSubstr("hone_rollout_running_sequences 0\n"));  // idle by now
  EXPECT_THAT(text, HasSubstr("hone_rollout_policy_version 3\n"));
  EXPECT_THAT(text, HasSubstr("hone_rollout_max_sequences 10\n"));
  EXPECT_THAT(text, HasSubstr("hone_rollout_weights_swap_seconds_count 3\n"));
  coordinator_->Finish();
  EXPECT_TRUE(workers_[0]->Join().ok());
  EXPECT_TRUE(service_->Join().ok());
}

TEST_F(WorkerTest, AGroupLargerThanTheWorkerIsStillMade) {
  const Weights weights = SmallModel(/*tied=*/true);
  publishing_.Publish(coordinator_.get(), 1, weights);
  AddWorker(/*max_sequences=*/2);
  const auto groups = Generate();
  ASSERT_TRUE(groups.ok()) << groups.status();
  ExpectAsFromOneEngine(*groups, weights);
}

// The first worker is taken away in the middle; its groups are made again by the second.
TEST_F(WorkerTest, AWorkerThatLeavesIsReplaced) {
  const Weights weights = SmallModel(/*tied=*/true);
  publishing_.Publish(coordinator_.get(), 1, weights);
  RoleThread& first = AddWorker(/*max_sequences=*/6);
  const StatusOr<JobId> job = coordinator_->Enqueue(MakeJob());
  ASSERT_TRUE(job.ok()) << job.status();
  bool replaced = false;
  const auto groups = coordinator_->Wait(*job, [&](int64_t num_scored, int64_t) {
    if (num_scored > 0 && !replaced) {
      first.Stop();
      AddWorker(/*max_sequences=*/6);
      replaced = true;
    }
    return absl::OkStatus();
  });
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_TRUE(replaced);
  ExpectAsFromOneEngine(*groups, weights);
}

// The rank has let go of a version, for the next, before the coordinator says so: the worker comes
// back for the next one.
TEST_F(WorkerTest, AVersionThatEndsBeforeItIsFetchedIsNotWorkedOn) {
  const Weights old = SmallModel(/*tied=*/true, 1), next = SmallModel(/*tied=*/true, 2);
  publishing_.Publish(coordinator_.get(), 1, old);
  const WeightsSource source = publishing_.Hold(2, next);
  AddWorker(/*max_sequences=*/6);
  const StatusOr<JobId> job = coordinator_->Enqueue(MakeJob());
  ASSERT_TRUE(job.ok()) << job.status();
  int64_t granted = 0, lost = 0;
  int calls_since = 0;
  const auto groups = coordinator_->Wait(*job, [&](int64_t num_scored, int64_t) {
    const CoordinatorStats stats = coordinator_->TakeStats();
    granted += stats.leases_granted;
    lost += stats.leases_lost;
    // Once the worker has its lease, and some tenths of a second to try in vain.
    if (granted == 0 || ++calls_since != 3) return absl::OkStatus();
    EXPECT_EQ(num_scored, 0);
    return coordinator_->Publish(2, next.config(), {source});
  });
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_EQ(groups->front().policy_version, 2u);
  EXPECT_GE(lost + coordinator_->TakeStats().leases_lost, 1);
  ExpectAsFromOneEngine(*groups, next);
}

TEST_F(WorkerTest, APromptThatCannotBeSampledFailsItsJobAlone) {
  const Weights weights = SmallModel(/*tied=*/true);
  publishing_.Publish(coordinator_.get(), 1, weights);
  AddWorker(/*max_sequences=*/6);
  GenerateJob job = MakeJob();
  job.prompts[5].tokens.assign(500, 1);  // longer than the model's context
  const StatusOr<JobId> id = coordinator_->Enqueue(std::move(job));
  ASSERT_TRUE(id.ok()) << id.status();
  const Status status = coordinator_->Wait(*id).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.message(),
              HasSubstr("rollout-0 cannot sample prompt 1005: the prompt has 500"));
  const auto groups = Generate();
  ASSERT_TRUE(groups.ok()) << groups.status();
  ExpectAsFromOneEngine(*groups, weights);
}

// Work for some tenths of a second, of completions whose lengths differ: leases go out, and with
// them the word of new versions, while others run.
GenerateJob LongJob(bool follow_weights) {
  GenerateJob job;
  for (int i = 0; i < 300; ++i) {
    Prompt prompt;
    prompt.id = 1 + i;
    prompt.problem = {.prompt = "<think>", .answer = R"({"numbers":[3,5,8],"target":23})"};
    prompt.tokens.assign(5, i % 67);
    job.prompts.push_back(std::move(prompt));
  }
  job.num_samples = 2;
  job.sampling.max_tokens = 140;
  job.sampling.stop_tokens = {0};
  job.sampling.seed = 3;
  job.follow_weights = follow_weights;
  job.reward = {{{"format"}, 1.0}};
  job.decode = [](absl::Span<const int32_t> tokens) { return absl::StrCat(tokens.size()); };
  return job;
}

// What one engine makes of a prompt of the job with one version.
std::vector<Completion> Alone(const GenerateJob& job, size_t prompt, uint64_t version) {
  const Weights weights = SmallModel(/*tied=*/true, version);
  Engine engine(weights.config(), {});
  engine.SetWeights(weights);
  EXPECT_TRUE(engine
                  .Add({.prompt_id = job.prompts[prompt].id,
                        .prompt_tokens = job.prompts[prompt].tokens,
                        .num_samples = job.num_samples,
                        .sampling = job.sampling})
                  .ok());
  std::vector<FinishedRequest> finished;
  while (!engine.idle()) engine.Step(&finished);
  return std::move(finished.at(0).completions);
}

// Steps follow one another, and weights change between two of them: what samples in work wait for
// is no more than the swap, for the loading was over before.
void CheckTimeline(const std::string& path) {
  const nlohmann::json events = nlohmann::json::parse(*ReadFile(path));
  std::map<int64_t, int64_t> loaded;  // end of loading by version
  for (const auto& event : events) {
    if (event["name"] != "load weights") continue;
    loaded[event["args"]["version"]] = event["ts"].get<int64_t>() + event["dur"].get<int64_t>();
  }
  int64_t last_end = 0, steps = 0, swaps = 0;
  for (const auto& event : events) {
    if (event["ph"] != "X" || event["tid"] != 0) continue;
    const int64_t begin = event["ts"], end = begin + event["dur"].get<int64_t>();
    EXPECT_GE(begin, last_end) << event;
    last_end = end;
    steps += event["name"] == "step";
    if (event["name"] != "swap weights" || event["args"]["sequences"] == 0) continue;
    ++swaps;
    EXPECT_LE(loaded.at(event["args"]["version"]), begin);
  }
  EXPECT_GT(steps, 100);
  EXPECT_GT(swaps, 0);
}

TEST_F(WorkerTest, SamplesInWorkGoOnWithNewWeightsWhereTheJobFollowsThem) {
  uint64_t version = 1;
  publishing_.Publish(coordinator_.get(), version, SmallModel(/*tied=*/true, version));
  AddWorker(/*max_sequences=*/128);
  // When the word of a version reaches the worker is chance: so jobs go out until it was in time.
  int mixed = 0;
  for (int attempt = 0; attempt < 50 && mixed == 0; ++attempt) {
    const GenerateJob job = LongJob(/*follow_weights=*/true);
    const StatusOr<JobId> id = coordinator_->Enqueue(job);
    ASSERT_TRUE(id.ok()) << id.status();
    const auto groups = coordinator_->Wait(*id, [&](int64_t, int64_t) {
      ++version;
      publishing_.Publish(coordinator_.get(), version, SmallModel(/*tied=*/true, version));
      return absl::OkStatus();
    });
    ASSERT_TRUE(groups.ok()) << groups.status();
    for (size_t i = 0; i < groups->size(); ++i) {
      const Group& group = (*groups)[i];
      for (const Completion& completion : group.completions) {
        if (completion.versions.size() < 2) continue;
        if (++mixed > 20) continue;  // enough compared
        EXPECT_GE(group.oldest_version(completion), group.policy_version);
        const VersionSpan& first = completion.versions[0];
        const Completion alone = Alone(job, i, first.version)[completion.sample_index];
        for (int64_t t = 0; t < first.tokens; ++t) {
          ASSERT_EQ(completion.tokens[t], alone.tokens[t]);
          ASSERT_EQ(completion.logprobs[t], alone.logprobs[t]);
        }
      }
    }
  }
  EXPECT_GT(mixed, 0) << "the case should show weights that change in the middle";
  coordinator_->Finish();
  EXPECT_TRUE(workers_[0]->Join().ok());
  CheckTimeline(absl::StrCat(folder_.path(), "/rollout-0.json"));
}

TEST_F(WorkerTest, ElseEveryGroupIsMadeByOneVersion) {
  uint64_t version = 1;
  publishing_.Publish(coordinator_.get(), version, SmallModel(/*tied=*/true, version));
  AddWorker(/*max_sequences=*/128);
  const GenerateJob job = LongJob(/*follow_weights=*/false);
  const StatusOr<JobId> id = coordinator_->Enqueue(job);
  ASSERT_TRUE(id.ok()) << id.status();
  const auto groups = coordinator_->Wait(*id, [&](int64_t num_scored, int64_t) {
    if (num_scored == 0 || version == 4) return absl::OkStatus();
    ++version;
    publishing_.Publish(coordinator_.get(), version, SmallModel(/*tied=*/true, version));
    return absl::OkStatus();
  });
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_GT(groups->back().policy_version, 1u);
  for (size_t i = 0; i < groups->size(); i += 7) {
    const std::vector<Completion> alone = Alone(job, i, (*groups)[i].policy_version);
    for (const Completion& completion : (*groups)[i].completions) {
      EXPECT_TRUE(completion.versions.empty());
      EXPECT_EQ(completion.tokens, alone[completion.sample_index].tokens);
      EXPECT_EQ(completion.logprobs, alone[completion.sample_index].logprobs);
    }
  }
}

TEST_F(WorkerTest, StopsWhenItIsAskedTo) {
  RoleThread& worker = AddWorker(/*max_sequences=*/6);
  worker.Stop();
  EXPECT_TRUE(worker.Join().ok());
}

}  // namespace
}  // namespace hone
