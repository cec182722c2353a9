#include "cluster/coordinator_client.h"

#include <atomic>
#include <string>
#include <thread>

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
    return grpc::Status::OK;
  }
  grpc::Status Submit(grpc::ServerContext*, const proto::SubmitRequest* request,
                      proto::SubmitResponse* response) override {
    if (failures-- > 0) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "busy");
    if (!known) return grpc::Status(grpc::StatusCode::NOT_FOUND, "who?");
    response->set_accepted(request->groups_size());
    return grpc::Status::OK;
  }
  // Breaks off in the middle of the first streams.
  grpc::Status FetchWeights(grpc::ServerContext*, const proto::FetchWeightsRequest*,
                            grpc::ServerWriter<proto::WeightsChunk>* writer) override {
    proto::WeightsChunk chunk;
    chunk.set_header("{}");
    writer->Write(chunk);
    if (failures-- > 0) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
    chunk.clear_header();
    chunk.set_data("data");
    writer->Write(chunk);
    return grpc::Status::OK;
  }

  std::atomic<int> num_registrations{0};
  std::atomic<int> num_leases{0};
  std::atomic<int> failures{0};
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
  std::string received;
  EXPECT_TRUE(client
                  .FetchWeights(1,
                                [&](const proto::WeightsChunk& chunk) {
                                  if (!chunk.header().empty()) received.clear();
                                  received += chunk.header() + chunk.data();
                                  return absl::OkStatus();
                                })
                  .ok());
  EXPECT_EQ(received, "{}data");
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
