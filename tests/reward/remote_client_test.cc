#include "reward/remote_client.h"

#include <cmath>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "cluster/rpc.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/hone.grpc.pb.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

constexpr double kPlenty = 30;  // seconds that no test needs

class FakeService : public proto::Reward::Service {
 public:
  using Handler = std::function<grpc::Status(grpc::ServerContext*, const proto::ScoreRequest&,
                                             proto::ScoreResponse*)>;
  explicit FakeService(Handler handler) : handler_(std::move(handler)) {
    StatusOr<RpcServer> server = StartRpcServer("127.0.0.1:0", {this});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  ~FakeService() override { server_.server->Shutdown(); }

  grpc::Status Score(grpc::ServerContext* context, const proto::ScoreRequest* request,
                     proto::ScoreResponse* response) override {
    return handler_(context, *request, response);
  }

  StatusOr<std::vector<Verdict>> Ask(absl::Span<const JudgeItem> items,
                                     double timeout_seconds = kPlenty) const {
    const std::string& address = server_.address;
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
    return MakeRemoteClient({.grpc = true, .host = "127.0.0.1", .port = port, .path = "/"},
                            timeout_seconds)
        ->Ask(items);
  }

 private:
  Handler handler_;
  RpcServer server_;
};

void AddScore(proto::ScoreResponse* response, proto::Outcome outcome, double reward) {
  proto::Score* score = response->add_scores();
  score->set_outcome(outcome);
  score->set_reward(reward);
  score->set_detail("why");
}

TEST(RemoteClient, SendsTheItemsAndReadsTheScores) {
  proto::ScoreRequest seen;
  const FakeService service([&](auto*, const auto& request, auto* response) {
    seen = request;
    AddScore(response, proto::OUTCOME_CORRECT, 0.5);
    AddScore(response, proto::OUTCOME_TIMEOUT, 1);
    return grpc::Status::OK;
  });
  const auto verdicts = service.Ask(
      {{"p", "c\xff", "a", {.first = std::nullopt, .completion_tokens = 3}}, {"q", "d", "b", {}}});
  ASSERT_TRUE(verdicts.ok()) << verdicts.status();
  ASSERT_EQ(verdicts->size(), 2);
  EXPECT_EQ((*verdicts)[0].outcome, Outcome::kCorrect);
  EXPECT_EQ((*verdicts)[0].reward, 0.5);
  EXPECT_EQ((*verdicts)[0].detail, "why");
  EXPECT_EQ((*verdicts)[1].outcome, Outcome::kTimeout);
  EXPECT_EQ((*verdicts)[1].reward, 0);
  ASSERT_EQ(seen.terms_size(), 1);
  EXPECT_EQ(seen.terms(0).verifier(), "remote");
  EXPECT_EQ(seen.terms(0).weight(), 1);
  ASSERT_EQ(seen.items_size(), 2);
  EXPECT_EQ(seen.items(0).prompt(), "p");
  EXPECT_EQ(seen.items(0).completion(), "c\xef\xbf\xbd");
  EXPECT_EQ(seen.items(0).answer(), "a");
  EXPECT_EQ(seen.items(0).completion_tokens(), 3);
  EXPECT_FALSE(seen.items(1).has_completion_tokens());
}

TEST(RemoteClient, OneWrongScoreIsOneError) {
  const FakeService service([](auto*, const auto&, auto* response) {
    AddScore(response, proto::OUTCOME_UNSPECIFIED, 1);
    AddScore(response, proto::OUTCOME_CORRECT, std::nan(""));
    AddScore(response, static_cast<proto::Outcome>(77), 1);
    AddScore(response, proto::OUTCOME_INCORRECT, -1);
    return grpc::Status::OK;
  });
  const auto verdicts = service.Ask(std::vector<JudgeItem>(4));
  ASSERT_TRUE(verdicts.ok()) << verdicts.status();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ((*verdicts)[i].outcome, Outcome::kError) << i;
    EXPECT_EQ((*verdicts)[i].reward, 0) << i;
    EXPECT_THAT((*verdicts)[i].detail, HasSubstr("remote: the service's score")) << i;
  }
  EXPECT_EQ((*verdicts)[3].outcome, Outcome::kIncorrect);
  EXPECT_EQ((*verdicts)[3].reward, -1);
}

TEST(RemoteClient, AnotherNumberOfScoresIsAnError) {
  const FakeService service([](auto*, const auto&, auto* response) {
    AddScore(response, proto::OUTCOME_CORRECT, 1);
    return grpc::Status::OK;
  });
  const Status status = service.Ask(std::vector<JudgeItem>(2)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("1 scores for 2 items"));
}

TEST(RemoteClient, ItsStatusIsPassedOnWithWhatToDo) {
  const FakeService service([](auto*, const auto&, auto*) {
    return grpc::Status(grpc::StatusCode::INTERNAL, "no luck");
  });
  const Status status = service.Ask(std::vector<JudgeItem>(1)).status();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("INTERNAL, \"no luck\"; look into the service's log"));
}

TEST(RemoteClient, SilenceIsADeadlineExceeded) {
  const FakeService service([](grpc::ServerContext* context, const auto&, auto*) {
    while (!context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  });
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      service.Ask(std::vector<JudgeItem>(1), /*timeout_seconds=*/0.2).status()));
}

}  // namespace
}  // namespace hone
