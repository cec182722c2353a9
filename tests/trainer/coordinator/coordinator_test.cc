// The coordinator over real RPCs: with reward services, and workers that type their answers.
#include "trainer/coordinator/coordinator.h"

#include <atomic>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "cluster/coordinator_client.h"
#include "cluster/rpc.h"
#include "data/wire.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/safetensors.h"
#include "reward/reward_service.h"
#include "tests/reward/test_judges.h"
#include "tests/trainer/coordinator/jobs.h"
#include "tests/trainer/coordinator/publishing.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kHash[] = "hash";

CoordinatorOptions Options() {
  CoordinatorOptions options;
  options.run_id = "run";
  options.experiment_hash = kHash;
  options.no_progress_seconds = 60;
  return options;
}

std::unique_ptr<Coordinator> StartCoordinator(const CoordinatorOptions& options) {
  StatusOr<std::unique_ptr<Coordinator>> coordinator = Coordinator::Start(options);
  EXPECT_TRUE(coordinator.ok()) << coordinator.status();
  return *std::move(coordinator);
}

// A reward service in a thread of its own.
class ServiceThread {
 public:
  ServiceThread(const std::string& id, const std::string& coordinator)
      : thread_([this, id, coordinator] {
          RewardServiceOptions options;
          options.coordinator_address = [coordinator] { return coordinator; };
          options.client_id = id;
          options.experiment_hash = kHash;
          status_ = RunRewardService(options, TestJudges(), stop_);
        }) {}
  ~ServiceThread() { (void)Join(/*stop=*/true); }

  Status Join(bool stop) {
    if (stop) stop_ = true;
    if (thread_.joinable()) thread_.join();
    return status_;
  }

 private:
  std::atomic<bool> stop_{false};
  Status status_;
  std::thread thread_;
};

CoordinatorClientOptions ClientOptions(const std::string& id, const std::string& coordinator) {
  return {.address = [coordinator] { return coordinator; },
          .client_id = id,
          .experiment_hash = kHash,
          .give_up_seconds = 30};
}

proto::SubmitRequest Answer(const proto::LeaseResponse& lease) {
  proto::SubmitRequest request;
  request.set_lease_id(lease.lease_id());
  request.set_policy_version(lease.policy_version());
  request.set_generate_seconds(0.25);
  request.set_generated_tokens(100);
  for (const proto::Group& group : lease.groups()) {
    *request.add_groups() =
        ToProto(GroupResult{group.prompt_id(), MakeCompletions(group.num_samples())});
  }
  return request;
}

// A worker that answers each lease at once, in a thread of its own.
class WorkerThread {
 public:
  WorkerThread(const std::string& id, const std::string& coordinator)
      : client_(ClientOptions(id, coordinator), stop_), thread_([this] { status_ = Run(); }) {}
  ~WorkerThread() { (void)Join(/*stop=*/true); }

  Status Join(bool stop) {
    if (stop) stop_ = true;
    if (thread_.joinable()) thread_.join();
    return status_;
  }

 private:
  Status Run() {
    HONE_RETURN_IF_ERROR(client_.Join());
    while (!stop_ && !client_.done()) {
      HONE_ASSIGN_OR_RETURN(const proto::LeaseResponse lease, client_.Lease(8, 0.5));
      if (lease.groups().empty()) continue;
      HONE_RETURN_IF_ERROR(client_.Submit(Answer(lease)).status());
    }
    return absl::OkStatus();
  }

  std::atomic<bool> stop_{false};
  CoordinatorClient client_;
  Status status_;
  std::thread thread_;
};

TEST(Coordinator, TakesAJobFromPromptsToScoredGroups) {
  Publishing publishing;
  const auto coordinator = StartCoordinator(Options());
  publishing.Publish(coordinator.get(), 4, SmallWeights(1));
  ServiceThread first_service("reward-0", coordinator->address());
  ServiceThread second_service("reward-1", coordinator->address());
  WorkerThread first_worker("rollout-0", coordinator->address());
  WorkerThread second_worker("rollout-1", coordinator->address());
  const StatusOr<JobId> job = coordinator->Enqueue(MakeJob(100, 20, 4));
  ASSERT_TRUE(job.ok()) << job.status();
  const auto groups = coordinator->Wait(*job);
  ASSERT_TRUE(groups.ok()) << groups.status();
  ASSERT_EQ(groups->size(), 20u);
  for (size_t i = 0; i < groups->size(); ++i) {
    const Group& group = (*groups)[i];
    EXPECT_EQ(group.prompt.id, 100 + i);
    EXPECT_EQ(group.policy_version, 4u);
    ASSERT_EQ(group.completions.size(), 4u);
    EXPECT_EQ(group.completions[3].logprobs.size(), group.completions[3].tokens.size());
    EXPECT_EQ(group.scores[0].outcome, Outcome::kCorrect);
    EXPECT_EQ(group.scores[0].reward, 1.5);
    EXPECT_EQ(group.scores[1].outcome, Outcome::kIncorrect);
    EXPECT_THAT(group.scores[1].components, ElementsAre(0, 1));
    EXPECT_EQ(group.scores[1].detail, "3*5-8 = 7, wanted 23; in the format");
  }
  const CoordinatorStats stats = coordinator->TakeStats();
  EXPECT_EQ(stats.samples_accepted, 80);
  EXPECT_EQ(stats.duplicates_refused, 0);
  EXPECT_EQ(stats.leases_lost, 0);
  EXPECT_GE(stats.leases_granted, 10);  // 8 sequences hold two groups
  EXPECT_GT(stats.reward_seconds, 0);

  coordinator->Finish();
  EXPECT_TRUE(first_worker.Join(/*stop=*/false).ok());
  EXPECT_TRUE(second_worker.Join(/*stop=*/false).ok());
  EXPECT_TRUE(first_service.Join(/*stop=*/false).ok());
  EXPECT_TRUE(second_service.Join(/*stop=*/false).ok());
}

TEST(Coordinator, RefusesAnEffortThatMakesNoSense) {
  const auto coordinator = StartCoordinator(Options());
  std::atomic<bool> stop{false};
  CoordinatorClient client(ClientOptions("rollout-0", coordinator->address()), stop);
  ASSERT_TRUE(client.Join().ok());
  const auto submit = [&](double seconds, double occupied_seconds, double cached_seconds) {
    proto::SubmitRequest request;
    request.set_generate_seconds(seconds);
    request.set_occupied_seconds(occupied_seconds);
    request.set_cached_seconds(cached_seconds);
    return client.Submit(std::move(request)).status();
  };
  EXPECT_TRUE(submit(2, 2, 0).ok());
  EXPECT_THAT(submit(-1, 0, 0).message(), HasSubstr("must be 0 or more"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double wrong : {-0.5, 2.5, nan}) {
    EXPECT_THAT(submit(2, wrong, 0).message(), HasSubstr("from 0 to generate_seconds")) << wrong;
    EXPECT_THAT(submit(2, 0, wrong).message(), HasSubstr("from 0 to generate_seconds")) << wrong;
  }
}

TEST(Coordinator, SaysWhereTheWeightsAre) {
  const auto coordinator = StartCoordinator(Options());
  const Weights weights = SmallWeights(3);
  const absl::Span<const float> flat = weights.flat();
  const auto begin = static_cast<int64_t>(flat.size()) / 3;
  // Two ranks.
  const auto first = *WeightsPublisher::Start("127.0.0.1:0");
  const auto second = *WeightsPublisher::Start("127.0.0.1:0");
  const WeightsSource sources[] = {*first->Publish(1, {{0, flat.subspan(0, begin)}}),
                                   *second->Publish(1, {{begin, flat.subspan(begin)}})};
  // Too little, too much, and another version: the coordinator takes none of it.
  for (const std::vector<WeightsSource>& wrong :
       {std::vector<WeightsSource>{}, {sources[0]}, {sources[0], sources[1], sources[1]}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(coordinator->Publish(1, weights.config(), wrong)));
  }
  EXPECT_TRUE(
      absl::IsInvalidArgument(coordinator->Publish(2, weights.config(), {sources[0], sources[1]})));
  const std::atomic<bool> stop{false};
  CoordinatorClient client(ClientOptions("rollout-0", coordinator->address()), stop);
  ASSERT_TRUE(client.Join().ok());
  proto::WeightsManifest manifest;
  const auto keep = [&](const proto::WeightsManifest& received) {
    manifest = received;
    return absl::OkStatus();
  };
  EXPECT_TRUE(absl::IsNotFound(client.FetchWeights(1, keep)));

  ASSERT_TRUE(coordinator->Publish(1, weights.config(), {sources[0], sources[1]}).ok());
  ASSERT_TRUE(client.FetchWeights(1, keep).ok());
  const auto parsed = ParseSafetensorsHeader(manifest.header(), flat.size() * sizeof(float));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->tensors.size(), weights.specs().size());
  EXPECT_EQ(parsed->metadata.at("policy_version"), "1");
  const auto config = ParseModelConfig(parsed->metadata.at("config"), "config");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->vocab_size, kVocabSize);
  ASSERT_EQ(manifest.sources_size(), 2);
  EXPECT_EQ(manifest.sources(1).SerializeAsString(), ToProto(sources[1]).SerializeAsString());

  EXPECT_TRUE(absl::IsNotFound(client.FetchWeights(2, keep)));
  const auto enough = [](const proto::WeightsManifest&) { return absl::AbortedError("enough"); };
  EXPECT_TRUE(absl::IsAborted(client.FetchWeights(1, enough)));
}

TEST(Coordinator, AnotherExperimentIsRefusedAtOnce) {
  const auto coordinator = StartCoordinator(Options());
  const std::atomic<bool> stop{false};
  CoordinatorClientOptions options = ClientOptions("rollout-0", coordinator->address());
  options.experiment_hash = "other";
  CoordinatorClient client(options, stop);
  const Status status = client.Join();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("another experiment"));
}

TEST(Coordinator, ARequestThatMakesNoSenseIsRefused) {
  const auto coordinator = StartCoordinator(Options());
  const auto stub = proto::Coordinator::NewStub(MakeRpcChannel(coordinator->address()));
  const auto refused = [&](const proto::RegisterRequest& request) {
    grpc::ClientContext context;
    SetDeadline(&context, 30);
    proto::RegisterResponse response;
    return absl::IsInvalidArgument(FromGrpc(stub->Register(&context, request, &response)));
  };
  proto::RegisterRequest request;
  request.set_experiment_hash(kHash);
  EXPECT_TRUE(refused(request));
  request.set_client_id("x");
  EXPECT_TRUE(refused(request));
  request.set_role(proto::ROLE_REWARD);
  EXPECT_TRUE(refused(request));
}

TEST(Coordinator, APortInUseIsAnErrorThatNamesIt) {
  const auto coordinator = StartCoordinator(Options());
  CoordinatorOptions options = Options();
  options.listen_address = coordinator->address();
  const Status status = Coordinator::Start(options).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr(coordinator->address()));
  options.listen_address = "nonsense";
  EXPECT_TRUE(absl::IsInvalidArgument(Coordinator::Start(options).status()));
}

// A trainer that dies and comes back elsewhere: the roles find it and the job is done anew.
TEST(Coordinator, RolesFindARestartedCoordinator) {
  Publishing publishing;
  absl::Mutex mutex;
  std::string address;
  const auto where = [&]() -> StatusOr<std::string> {
    absl::MutexLock lock(&mutex);
    return address;
  };
  auto coordinator = StartCoordinator(Options());
  address = coordinator->address();
  publishing.Publish(coordinator.get(), 1, SmallWeights(1));
  std::atomic<bool> stop{false};
  CoordinatorClientOptions options = ClientOptions("rollout-0", "");
  options.address = where;
  CoordinatorClient client(options, stop);
  ASSERT_TRUE(client.Join().ok());
  ASSERT_TRUE(coordinator->Enqueue(MakeJob(1, 1, 2)).ok());
  const auto lease = client.Lease(8, 0);
  ASSERT_TRUE(lease.ok()) << lease.status();
  ASSERT_EQ(lease->groups_size(), 1);
  const uint64_t epoch = client.epoch();

  coordinator.reset();
  coordinator = StartCoordinator(Options());
  {
    absl::MutexLock lock(&mutex);
    address = coordinator->address();
  }
  publishing.Publish(coordinator.get(), 1, SmallWeights(1));
  const StatusOr<JobId> job = coordinator->Enqueue(MakeJob(1, 1, 2));
  ASSERT_TRUE(job.ok()) << job.status();
  // What was leased before is void, and the client knows.
  const auto submitted = client.Submit(Answer(*lease));
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  EXPECT_EQ(submitted->accepted(), 0);
  EXPECT_NE(client.epoch(), epoch);
  ServiceThread service("reward-0", coordinator->address());
  const auto again = client.Lease(8, 0);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(client.Submit(Answer(*again))->accepted(), 2);
  EXPECT_TRUE(coordinator->Wait(*job).ok());
}

TEST(Coordinator, ARewardServiceThatLeftIsReplaced) {
  Publishing publishing;
  const auto coordinator = StartCoordinator(Options());
  publishing.Publish(coordinator.get(), 1, SmallWeights(1));
  WorkerThread worker("rollout-0", coordinator->address());
  auto service = std::make_unique<ServiceThread>("reward-0", coordinator->address());
  ASSERT_TRUE(coordinator->Wait(*coordinator->Enqueue(MakeJob(1, 4, 2))).ok());
  service.reset();  // it is gone, but still in the roster
  const StatusOr<JobId> job = coordinator->Enqueue(MakeJob(1, 4, 2));
  ServiceThread other("reward-1", coordinator->address());
  EXPECT_TRUE(coordinator->Wait(*job).ok());
}

TEST(Coordinator, AnUnknownRewardEndsTheJob) {
  Publishing publishing;
  const auto coordinator = StartCoordinator(Options());
  publishing.Publish(coordinator.get(), 1, SmallWeights(1));
  WorkerThread worker("rollout-0", coordinator->address());
  ServiceThread service("reward-0", coordinator->address());
  GenerateJob job = MakeJob(1, 2, 2);
  job.reward[0].name = "countdwn";
  const Status status = coordinator->Wait(*coordinator->Enqueue(std::move(job))).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("countdown"));
}

TEST(Coordinator, ClosesWhileAWorkerWaits) {
  auto coordinator = StartCoordinator(Options());
  std::atomic<bool> stop{false};
  CoordinatorClient client(ClientOptions("rollout-0", coordinator->address()), stop);
  ASSERT_TRUE(client.Join().ok());
  Status status;
  std::thread waiting([&] {
    while (status.ok()) status = client.Lease(8, 2).status();
  });
  coordinator.reset();
  stop = true;
  waiting.join();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

}  // namespace
}  // namespace hone
