#include "reward/remote_client.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cluster/rpc.h"
#include "data/wire.h"
#include "proto/hone.grpc.pb.h"
#include "reward/remote_json.h"
#include "reward/shown.h"

namespace hone {
namespace {

proto::ScoreRequest MakeRequest(absl::Span<const JudgeItem> items) {
  proto::ScoreRequest request;
  proto::RewardTerm* term = request.add_terms();
  term->set_verifier("remote");
  term->set_weight(1);
  for (const JudgeItem& item : items) {
    *request.add_items() =
        ToProto(Problem{.prompt = std::string(item.prompt), .answer = std::string(item.answer)},
                item.completion, item.context.completion_tokens);
  }
  return request;
}

Verdict ReadScore(const proto::Score& message) {
  const StatusOr<Outcome> outcome = FromProto(message.outcome());
  if (!outcome.ok()) {
    return {.outcome = Outcome::kError,
            .detail =
                absl::StrCat("remote: the service's score is wrong: ", outcome.status().message())};
  }
  return RemoteVerdict(*outcome, message.reward(), message.detail());
}

class RemoteClient : public RemoteLine {
 public:
  RemoteClient(const RemoteUrl& url, double timeout_seconds)
      : timeout_seconds_(timeout_seconds), stub_(proto::Reward::NewStub(Connect(url))) {}

  StatusOr<std::vector<Verdict>> Ask(absl::Span<const JudgeItem> items) const override {
    grpc::ClientContext context;
    SetDeadline(&context, timeout_seconds_);
    proto::ScoreResponse response;
    const Status status = FromGrpc(stub_->Score(&context, MakeRequest(items), &response));
    if (!status.ok()) {
      return Status(status.code(),
                    absl::StrCat("failed: ", absl::StatusCodeToString(status.code()), ", \"",
                                 Shown(status.message()), "\"; ", WhatToDo(status)));
    }
    const auto num_scores = static_cast<size_t>(response.scores_size());
    if (num_scores != items.size()) return WrongCount(num_scores, items.size());
    std::vector<Verdict> verdicts;
    verdicts.reserve(items.size());
    for (const proto::Score& score : response.scores()) verdicts.push_back(ReadScore(score));
    return verdicts;
  }

 private:
  static std::shared_ptr<grpc::Channel> Connect(const RemoteUrl& url) {
    const bool ipv6 = absl::StrContains(url.host, ':');
    return MakeRpcChannel(absl::StrCat(ipv6 ? "[" : "", url.host, ipv6 ? "]" : "", ":", url.port));
  }

  static absl::string_view WhatToDo(const Status& status) {
    if (absl::IsDeadlineExceeded(status)) return "raise timeout_seconds or make it faster";
    if (absl::IsUnavailable(status)) return "start the service or correct `url`";
    if (absl::IsUnimplemented(status)) return "let it serve hone.proto.Reward";
    return "look into the service's log";
  }

  const double timeout_seconds_;
  const std::unique_ptr<proto::Reward::Stub> stub_;
};

}  // namespace

std::unique_ptr<const RemoteLine> MakeRemoteClient(const RemoteUrl& url, double timeout_seconds) {
  return std::make_unique<RemoteClient>(url, timeout_seconds);
}

}  // namespace hone
