#include "trainer/coordinator/reward_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cluster/rpc.h"
#include "data/wire.h"

namespace hone {
namespace {

// Addresses whose connections are kept. Services that come back listen on new ports.
constexpr size_t kMaxStubs = 256;

}  // namespace

std::shared_ptr<RewardClient::Stub> RewardClient::StubFor(const std::string& address) {
  absl::MutexLock lock(&mutex_);
  if (stubs_.size() > kMaxStubs) stubs_.clear();
  std::shared_ptr<Stub>& stub = stubs_[address];
  if (stub == nullptr) stub = proto::Reward::NewStub(MakeRpcChannel(address));
  return stub;
}

Status RewardClient::Call(const std::string& address, const proto::ScoreRequest& request,
                          double timeout_seconds, proto::ScoreResponse* response) {
  const std::shared_ptr<Stub> stub = StubFor(address);
  grpc::ClientContext context;
  SetDeadline(&context, timeout_seconds);
  {
    absl::MutexLock lock(&mutex_);
    if (cancelled_) return absl::CancelledError("the coordinator is shutting down");
    in_flight_.insert(&context);
  }
  const Status status = FromGrpc(stub->Score(&context, request, response));
  absl::MutexLock lock(&mutex_);
  in_flight_.erase(&context);
  return status;
}

void RewardClient::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* context : in_flight_) context->TryCancel();
}

StatusOr<std::vector<std::vector<Score>>> RewardClient::ScoreTasks(const ScoreBatch& batch) {
  proto::ScoreRequest request;
  const std::vector<RewardSpec>& reward = batch.tasks[0].spec->reward;
  for (const RewardSpec& term : reward) *request.add_terms() = ToProto(term);
  for (const ScoreTask& task : batch.tasks) {
    const Problem& problem = task.spec->prompts[task.group.index].problem;
    for (const int sample : task.samples) {
      const std::vector<int32_t>& tokens = (*task.completions)[sample].tokens;
      *request.add_items() = ToProto(problem, task.spec->decode(tokens), std::ssize(tokens));
    }
  }
  proto::ScoreResponse response;
  // A service may have all calls to judge that are in flight.
  const double judging = kCallsInFlight * JudgingSeconds(reward, request.items_size());
  HONE_RETURN_IF_ERROR(Call(batch.address, request, timeout_seconds_ + judging, &response));
  if (response.scores_size() != request.items_size()) {
    return absl::InternalError(
        absl::StrCat(response.scores_size(), " scores for ", request.items_size(), " completions"));
  }
  std::vector<std::vector<Score>> scores;
  int next = 0;
  for (const ScoreTask& task : batch.tasks) {
    std::vector<Score>& of_task = scores.emplace_back();
    for (size_t i = 0; i < task.samples.size(); ++i) {
      StatusOr<Score> score = FromProto(response.scores(next++));
      if (!score.ok()) return absl::InternalError(score.status().message());
      if (static_cast<int>(score->components.size()) != request.terms_size()) {
        return absl::InternalError(absl::StrCat(score->components.size(), " components for ",
                                                request.terms_size(), " reward terms"));
      }
      of_task.push_back(*std::move(score));
    }
  }
  return scores;
}

}  // namespace hone
