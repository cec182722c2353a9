#include "cluster/coordinator_client.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "cluster/rpc.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A coordinator that forgets, fails and finishes on demand.
class FakeCoordinator : public proto::Coordinator::Service {
 public:
  FakeCoordinator() {
    StatusOr<RpcServer> server = StartRpcServer("127.0.0.1:0", {this});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  ~FakeCoordinator() override { server_.server->Shutdown(); }

  const std::string& address() const { return server_.address; }

  grpc::Status Register(grpc::ServerContext*, const proto::RegisterRequest* request,
                        proto::RegisterResponse* response) override {
    ++num_registrations;
    known = true;
    response->set_heartbeat_seconds(0.01);
    response->set_done(done);
    return grpc::Status::OK;
  }
  grpc::Status Lease(grpc::ServerContext*, const proto::LeaseRequest* request,
                     proto::LeaseResponse* response) override {
    ++num_leases;
    if (!known) return grpc::Status(grpc::StatusCode::NOT_FOUND, "who?");
    response->set_done(done);
    if (version >= 0) response->set_published_version(version);
    return grpc::Status::OK;
  }
  grpc::Status Submit(grpc::ServerContext*, const proto::SubmitRequest* request,
                      proto::SubmitResponse* response) override {
    if (failures-- > 0) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "busy");
    if (!known) return grpc::Status(grpc::StatusCode::NOT_FOUND, "who?");
    response->set_accepted(request->groups_size());
    return grpc::Status::OK;
  }
  grpc::Status FetchWeights(grpc::ServerContext*, const proto::FetchWeightsRequest*,
                            proto::WeightsManifest* response) override {
    if (failures-- > 0) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
    if (!published) return grpc::Status(grpc::StatusCode::NOT_FOUND, "over");
    response->set_header(absl::StrCat("manifest ", ++num_manifests));
    return grpc::Status::OK;
  }

  std::atomic<int> num_registrations{0};
  std::atomic<int> num_leases{0};
  std::atomic<int> num_manifests{0};
  std::atomic<int> failures{0};
  std::atomic<int> version{-1};
  std::atomic<bool> published{true};
  std::atomic<bool> known{false};
  std::atomic<bool> done{false};

 private:
  RpcServer server_;
};

CoordinatorClientOptions Options(const std::string& address) {
  return {
      .address = [address] { return address; }, .client_id = "rollout-0", .give_up_seconds = 30};
}

TEST(CoordinatorClient, RegistersAgainWhenItWasForgotten) {
  FakeCoordinator coordinator;
  const std::atomic<bool> stop{false};
  CoordinatorClient client(Options(coordinator.address()), stop);
  ASSERT_TRUE(client.Join().ok());
  EXPECT_EQ(client.epoch(), 1u);
  EXPECT_TRUE(client.Lease(1, 0).ok());
  EXPECT_EQ(client.epoch(), 1u);

  coordinator.known = false;
  EXPECT_TRUE(client.Lease(1, 0).ok());
  EXPECT_EQ(client.epoch(), 2u);
  coordinator.known = false;
  proto::SubmitRequest request;
  request.add_groups();
  EXPECT_EQ(client.Submit(request)->accepted(), 0);
  EXPECT_EQ(client.epoch(), 3u);
  EXPECT_EQ(client.Submit(request)->accepted(), 1);
  EXPECT_EQ(coordinator.num_registrations, 3);
}

// A version's number means nothing in the next epoch, and never goes back within one.
TEST(CoordinatorClient, KnowsTheNewestVersionOfItsEpoch) {
  FakeCoordinator coordinator;
  const std::atomic<bool> stop{false};
  CoordinatorClient client(Options(coordinator.address()), stop);
  ASSERT_TRUE(client.Join().ok());
  const auto after_lease = [&](int version) {
    coordinator.version = version;
    EXPECT_TRUE(client.Lease(0, 0).ok());
    return client.published();
  };
  EXPECT_FALSE(after_lease(-1).has_value());
  EXPECT_EQ(after_lease(0)->version, 0u);
  EXPECT_EQ(after_lease(7)->version, 7u);
  EXPECT_EQ(after_lease(6)->version, 7u);
  EXPECT_EQ(client.published()->epoch, 1u);
  coordinator.known = false;
  EXPECT_FALSE(after_lease(3).has_value());
  EXPECT_EQ(after_lease(3)->version, 3u);
  EXPECT_EQ(client.published()->epoch, 2u);
}

TEST(CoordinatorClient, TriesAgainAfterAFailure) {
  FakeCoordinator coordinator;
  const std::atomic<bool> stop{false};
  CoordinatorClient client(Options(coordinator.address()), stop);
  ASSERT_TRUE(client.Join().ok());
  coordinator.failures = 2;
  proto::SubmitRequest request;
  request.add_groups();
  EXPECT_EQ(client.Submit(request)->accepted(), 1);

  coordinator.failures = 2;
  const auto fetch = [](const proto::WeightsManifest& manifest) {
    EXPECT_EQ(manifest.header(), "manifest 1");
    return absl::OkStatus();
  };
  EXPECT_TRUE(client.FetchWeights(1, fetch).ok());
}

TEST(CoordinatorClient, AsksAgainForWeightsThatItCannotFetch) {
  FakeCoordinator coordinator;
  std::atomic<bool> stop{false};
  CoordinatorClientOptions options = Options(coordinator.address());
  options.give_up_seconds = 0.3;
  CoordinatorClient client(options, stop);
  ASSERT_TRUE(client.Join().ok());
  // What may pass, and what may not.
  std::vector<Status> answers = {absl::NotFoundError("let go"), absl::UnavailableError("dead"),
                                 absl::OkStatus()};
  const auto fetch = [&](const proto::WeightsManifest& manifest) {
    const Status status = answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    return status;
  };
  EXPECT_TRUE(client.FetchWeights(1, fetch).ok());
  EXPECT_EQ(coordinator.num_manifests, 3);
  answers = {absl::DataLossError("nonsense")};
  EXPECT_TRUE(absl::IsDataLoss(client.FetchWeights(1, fetch)));
  EXPECT_EQ(coordinator.num_manifests, 4);

  // A version that is over, and one that cannot be had though it is not.
  const auto end_version = [&](const proto::WeightsManifest&) {
    coordinator.published = false;
    return absl::NotFoundError("let go");
  };
  EXPECT_TRUE(absl::IsNotFound(client.FetchWeights(1, end_version)));
  coordinator.published = true;
  answers = {absl::UnavailableError("weights from 10.0.0.1:4711: connection refused")};
  const Status status = client.FetchWeights(7, fetch);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), AllOf(HasSubstr("rollout-0"), HasSubstr("version 7"),
                                      HasSubstr("0.3 s"), HasSubstr("10.0.0.1:4711")));
  const auto ask_to_stop = [&](const proto::WeightsManifest&) {
    stop = true;
    return absl::UnavailableError("dead");
  };
  EXPECT_TRUE(absl::IsCancelled(client.FetchWeights(1, ask_to_stop)));
}

TEST(CoordinatorClient, HeartbeatsUntilTheRunIsDone) {
  FakeCoordinator coordinator;
  const std::atomic<bool> stop{false};
  CoordinatorClient client(Options(coordinator.address()), stop);
  ASSERT_TRUE(client.Join().ok());
  Status status = absl::UnknownError("not ended");
  std::thread heartbeats([&] { status = client.KeepJoined(); });
  while (coordinator.num_leases < 3) std::this_thread::yield();
  coordinator.known = false;  // found out by a heartbeat
  while (client.epoch() < 2) std::this_thread::yield();
  coordinator.done = true;
  heartbeats.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(client.done());
}

TEST(CoordinatorClient, AServiceRegistersAsItsHeartbeat) {
  FakeCoordinator coordinator;
  const std::atomic<bool> stop{false};
  CoordinatorClientOptions options = Options(coordinator.address());
  options.service_address = "127.0.0.1:1";
  CoordinatorClient client(options, stop);
  ASSERT_TRUE(client.Join().ok());
  std::thread heartbeats([&] { EXPECT_TRUE(client.KeepJoined().ok()); });
  while (coordinator.num_registrations < 3) std::this_thread::yield();
  client.Leave();
  heartbeats.join();
  EXPECT_EQ(coordinator.num_leases, 0);
}

TEST(CoordinatorClient, GivesUpAndNamesWhatItWaitedFor) {
  std::string free_address;
  {
    FakeCoordinator coordinator;
    free_address = coordinator.address();
  }
  const std::atomic<bool> stop{false};
  CoordinatorClientOptions options = Options(free_address);
  options.give_up_seconds = 0.3;
  Status status = CoordinatorClient(options, stop).Join();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), AllOf(HasSubstr("rollout-0"), HasSubstr(free_address),
                                      HasSubstr("0.3 s"), HasSubstr("trainer")));

  options.address = [] { return absl::NotFoundError("no file coordinator.address"); };
  status = CoordinatorClient(options, stop).Join();
  EXPECT_THAT(status.message(), HasSubstr("no file coordinator.address"));
}

TEST(CoordinatorClient, StopsWaitingWhenItIsAskedTo) {
  std::atomic<bool> stop{false};
  std::atomic<int> num_questions{0};
  CoordinatorClientOptions options = Options("");
  options.give_up_seconds = 1e6;
  options.address = [&]() -> StatusOr<std::string> {
    if (++num_questions == 2) stop = true;
    return absl::NotFoundError("not yet");
  };
  EXPECT_TRUE(absl::IsCancelled(CoordinatorClient(options, stop).Join()));
}

TEST(Rpc, ASecondServerOnAPortIsAnError) {
  FakeCoordinator coordinator;
  proto::Coordinator::Service service;
  const Status status = StartRpcServer(coordinator.address(), {&service}).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr(coordinator.address()));
}

TEST(Rpc, AnAddressMustHaveAPort) {
  proto::Coordinator::Service service;
  for (const char* address :
       {"", "localhost", ":1", "localhost:", "localhost:x", "localhost:65536", "localhost:-1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(StartRpcServer(address, {&service}).status())) << address;
  }
}

}  // namespace
}  // namespace hone
