#include "reward/reward_service.h"

#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "cluster/rpc.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "proto/hone.grpc.pb.h"
#include "tests/reward/test_judges.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Notes who registered.
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
    absl::MutexLock lock(&mutex_);
    registration_ = *request;
    response->set_heartbeat_seconds(0.01);
    response->set_done(done);
    return grpc::Status::OK;
  }

  // Blocks until the service has registered.
  proto::RegisterRequest AwaitRegistration() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](proto::RegisterRequest* request) { return !request->client_id().empty(); },
        &registration_));
    return registration_;
  }

  std::atomic<bool> done{false};

 private:
  RpcServer server_;
  absl::Mutex mutex_;
  proto::RegisterRequest registration_ ABSL_GUARDED_BY(mutex_);
};

class RewardServiceTest : public ::testing::Test {
 protected:
  RewardServiceTest() {
    options_.coordinator_address = [this] { return coordinator_.address(); };
    options_.client_id = "reward-0.1";
    options_.experiment_hash = "hash";
  }
  ~RewardServiceTest() override { (void)Join(); }

  // Returns the address that it gave to the coordinator.
  std::string Start() {
    thread_ = std::thread([this] { status_ = RunRewardService(options_, TestJudges(), stop_); });
    const proto::RegisterRequest registration = coordinator_.AwaitRegistration();
    EXPECT_EQ(registration.role(), proto::ROLE_REWARD);
    EXPECT_EQ(registration.client_id(), "reward-0.1");
    EXPECT_EQ(registration.experiment_hash(), "hash");
    return registration.address();
  }
  Status Join() {
    stop_ = true;
    return AwaitEnd();
  }
  Status AwaitEnd() {
    if (thread_.joinable()) thread_.join();
    return status_;
  }

  static Status Score(const std::string& address, const proto::ScoreRequest& request,
                      proto::ScoreResponse* response) {
    grpc::ClientContext context;
    SetDeadline(&context, 30);
    return FromGrpc(
        proto::Reward::NewStub(MakeRpcChannel(address))->Score(&context, request, response));
  }

  FakeCoordinator coordinator_;
  RewardServiceOptions options_;
  std::atomic<bool> stop_{false};
  Status status_;
  std::thread thread_;
};

proto::ScoreRequest MakeRequest() {
  proto::ScoreRequest request;
  proto::RewardTerm* term = request.add_terms();
  term->set_verifier("countdown");
  term->set_weight(1);
  term = request.add_terms();
  term->set_verifier("{name: format}");
  term->set_weight(0.5);
  return request;
}

void AddItem(proto::ScoreRequest* request, const std::string& completion,
             const std::string& answer = R"({"numbers":[3,5,8],"target":23})") {
  proto::ScoreItem* item = request->add_items();
  item->set_prompt("<think>");
  item->set_completion(completion);
  item->set_answer(answer);
}

TEST_F(RewardServiceTest, ScoresEachItemInOrder) {
  const std::string address = Start();
  proto::ScoreRequest request = MakeRequest();
  AddItem(&request, "</think> <answer>3*5+8</answer>");
  AddItem(&request, "</think> <answer>3*5-8</answer>");
  AddItem(&request, "I do not know");
  AddItem(&request, "</think> <answer>3*5+8</answer>", "not a record");
  proto::ScoreResponse response;
  const Status status = Score(address, request, &response);
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(response.scores_size(), 4);
  EXPECT_EQ(response.scores(0).outcome(), proto::OUTCOME_CORRECT);
  EXPECT_EQ(response.scores(0).reward(), 1.5);
  EXPECT_THAT(response.scores(0).components(), ElementsAre(1, 1));
  EXPECT_EQ(response.scores(1).outcome(), proto::OUTCOME_INCORRECT);
  EXPECT_EQ(response.scores(1).reward(), 0.5);
  EXPECT_EQ(response.scores(2).outcome(), proto::OUTCOME_UNPARSEABLE);
  EXPECT_EQ(response.scores(3).outcome(), proto::OUTCOME_ERROR);
  EXPECT_TRUE(Join().ok());
}

TEST_F(RewardServiceTest, RefusesTermsThatMakeNoSense) {
  const std::string address = Start();
  proto::ScoreResponse response;
  EXPECT_TRUE(absl::IsInvalidArgument(Score(address, {}, &response)));
  proto::ScoreRequest request;
  request.add_terms()->set_verifier("formt");
  const Status status = Score(address, request, &response);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("`format`"));
}

TEST_F(RewardServiceTest, AnswersBeforeTheDeadlineOfTheCall) {
  const std::string address = Start();
  proto::ScoreRequest request = MakeRequest();
  AddItem(&request, "</think> <answer>3*5+8</answer>");
  AddItem(&request, "hang");
  proto::ScoreResponse response;
  grpc::ClientContext context;
  SetDeadline(&context, 4);
  const Status status = FromGrpc(
      proto::Reward::NewStub(MakeRpcChannel(address))->Score(&context, request, &response));
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(response.scores_size(), 2);
  EXPECT_EQ(response.scores(0).outcome(), proto::OUTCOME_CORRECT);
  EXPECT_EQ(response.scores(1).outcome(), proto::OUTCOME_TIMEOUT);
}

TEST_F(RewardServiceTest, ServesTheStandardHealthCheck) {
  const std::string address = Start();
  const auto channel = MakeRpcChannel(address);
  // grpc.health.v1.Health/Check: an empty request; the answer's field 1 is 1, SERVING.
  grpc::ClientContext context;
  SetDeadline(&context, 30);
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  grpc::ByteBuffer request, response;
  grpc::Slice empty;
  request = grpc::ByteBuffer(&empty, 1);
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag;
  bool ok;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_TRUE(status.ok()) << status.error_message();
  grpc::Slice slice;
  ASSERT_TRUE(response.DumpToSingleSlice(&slice).ok());
  EXPECT_EQ(std::string(slice.begin(), slice.end()), "\x08\x01");
}

TEST_F(RewardServiceTest, EndsWithTheRun) {
  Start();
  coordinator_.done = true;
  EXPECT_TRUE(AwaitEnd().ok()) << status_;
}

TEST_F(RewardServiceTest, AdvertisesWhatOthersReachItBy) {
  options_.listen_address = "0.0.0.0:0";
  options_.advertised_host = "localhost";
  const std::string address = Start();
  EXPECT_THAT(address, ::testing::StartsWith("localhost:"));
  proto::ScoreRequest request = MakeRequest();
  proto::ScoreResponse response;
  EXPECT_TRUE(Score(address, request, &response).ok());
}

TEST_F(RewardServiceTest, APortInUseIsAnErrorThatNamesIt) {
  options_.listen_address = coordinator_.address();
  const Status status = RunRewardService(options_, TestJudges(), stop_);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr(coordinator_.address()));
}

TEST_F(RewardServiceTest, GivesUpOnACoordinatorThatIsNotThere) {
  options_.coordinator_address = [] { return absl::NotFoundError("no coordinator.address"); };
  options_.give_up_seconds = 0.2;
  const Status status = RunRewardService(options_, TestJudges(), stop_);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("no coordinator.address"));
}

}  // namespace
}  // namespace hone
