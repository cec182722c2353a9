#include "reward/reward_service.h"

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "cluster/coordinator_client.h"
#include "cluster/rpc.h"
#include "data/wire.h"
#include "proto/hone.grpc.pb.h"
#include "reward/verifier.h"

namespace hone {
namespace {

constexpr std::chrono::seconds kCloseDeadline(1);
// As many as the coordinator sends in a call, unless one group has more samples.
constexpr size_t kMaxItemsAtOnce = 128;

class RewardService : public proto::Reward::Service {
 public:
  grpc::Status Score(grpc::ServerContext* context, const proto::ScoreRequest* request,
                     proto::ScoreResponse* response) override {
    const StatusOr<RewardSum> reward = ParseTerms(*request);
    if (!reward.ok()) return ToGrpc(reward.status());
    std::vector<JudgeItem> items;
    for (const proto::ScoreItem& item : request->items()) {
      const int64_t tokens = item.has_completion_tokens() ? item.completion_tokens() : -1;
      items.push_back({item.prompt(),
                       item.completion(),
                       item.answer(),
                       {.first = std::nullopt, .completion_tokens = tokens}});
    }
    for (size_t begin = 0; begin < items.size(); begin += kMaxItemsAtOnce) {
      // Judging is bounded for each item, not for a request: nobody may want the rest any more.
      if (context->IsCancelled()) return grpc::Status::CANCELLED;
      const auto some = absl::MakeConstSpan(items).subspan(begin, kMaxItemsAtOnce);
      for (const ::hone::Score& score : reward->JudgeAll(some)) {
        *response->add_scores() = ToProto(score);
      }
    }
    return grpc::Status::OK;
  }

 private:
  static StatusOr<RewardSum> ParseTerms(const proto::ScoreRequest& request) {
    std::vector<RewardSpec> terms;
    for (const proto::RewardTerm& message : request.terms()) {
      HONE_ASSIGN_OR_RETURN(RewardSpec term, FromProto(message));
      terms.push_back(std::move(term));
    }
    return RewardSum::Make(terms);
  }
};

}  // namespace

Status RunRewardService(const RewardServiceOptions& options, const std::atomic<bool>& stop) {
  RewardService service;
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
