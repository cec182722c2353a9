#include "reward/reward_service.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "cluster/coordinator_client.h"
#include "cluster/rpc.h"
#include "proto/hone.grpc.pb.h"
#include "reward/judge.h"

namespace hone {
namespace {

constexpr std::chrono::seconds kCloseDeadline(1);
constexpr absl::Duration kLongestWait = absl::Minutes(5);  // of callers that set no deadline
constexpr double kMarginShare = 0.1;                       // of a call's time, to answer in
constexpr absl::Duration kLargestMargin = absl::Seconds(1);

// What a call that has no deadline gets: the time that its programs may take, and some to wait for
// a judge.
absl::Duration LongestCall(const proto::ScoreRequest& request) {
  const StatusOr<std::vector<RewardSpec>> terms = ParseTerms(request);
  if (!terms.ok()) return kLongestWait;  // the pool says what is wrong with them
  return kLongestWait + absl::Seconds(JudgingSeconds(*terms, request.items_size()));
}

// When a call must be answered, on RealClock(): a little before its own deadline.
absl::Time AnswerBy(const grpc::ServerContext& context, const proto::ScoreRequest& request) {
  using std::chrono::system_clock;
  const absl::Duration left = context.deadline() == system_clock::time_point::max()
                                  ? LongestCall(request)
                                  : absl::FromChrono(context.deadline() - system_clock::now());
  return RealClock()->Now() + left - std::min(left * kMarginShare, kLargestMargin);
}

class RewardService : public proto::Reward::Service {
 public:
  explicit RewardService(JudgePool* pool) : pool_(pool) {}

  grpc::Status Score(grpc::ServerContext* context, const proto::ScoreRequest* request,
                     proto::ScoreResponse* response) override {
    StatusOr<proto::ScoreResponse> scores = pool_->Score(*request, AnswerBy(*context, *request),
                                                         [&] { return context->IsCancelled(); });
    if (!scores.ok()) return ToGrpc(scores.status());
    *response = *std::move(scores);
    return grpc::Status::OK;
  }

 private:
  JudgePool* const pool_;
};

}  // namespace

Status RunRewardService(const RewardServiceOptions& options, JudgePool* pool,
                        const std::atomic<bool>& stop) {
  RewardService service(pool);
  StatusOr<RpcServer> rpc = StartRpcServer(options.listen_address, {&service});
  if (!rpc.ok()) return Annotate(rpc.status(), options.client_id);
  const std::string address = AdvertisedAddress(rpc->address, options.advertised_host);
  LogInfo(absl::StrCat(options.client_id, " serves rewards at ", address));
  CoordinatorClient coordinator({.address = options.coordinator_address,
                                 .client_id = options.client_id,
                                 .experiment_hash = options.experiment_hash,
                                 .service_address = address,
                                 .give_up_seconds = options.give_up_seconds,
                                 .clock = options.clock},
                                stop);
  Status status = coordinator.Join();
  if (status.ok()) status = coordinator.KeepJoined();
  rpc->server->Shutdown(std::chrono::system_clock::now() + kCloseDeadline);
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

}  // namespace hone
