#include "rollout/coordinator_line.h"

#include <algorithm>
#include <utility>

namespace hone {
namespace {

// Far below the message limit: a token and its log-prob take at most 9 bytes.
constexpr size_t kMaxSubmitTokens = 1 << 20;

size_t NumTokens(const GroupResult& group) {
  size_t num_tokens = 0;
  for (const Completion& completion : group.completions) num_tokens += completion.tokens.size();
  return num_tokens;
}

}  // namespace

CoordinatorLine::CoordinatorLine(const CoordinatorClientOptions& options,
                                 const std::atomic<bool>& stop)
    : stop_(stop), client_(options, stop) {}

CoordinatorLine::~CoordinatorLine() {
  client_.Leave();
  if (heartbeats_.joinable()) heartbeats_.join();
}

Status CoordinatorLine::Open() {
  HONE_RETURN_IF_ERROR(client_.Join());
  heartbeats_ = std::thread([this] {
    const Status status = client_.KeepJoined();
    absl::MutexLock lock(&mutex_);
    lost_ = !status.ok();
    status_ = status;
  });
  return absl::OkStatus();
}

bool CoordinatorLine::over() const {
  if (client_.done()) return true;
  absl::MutexLock lock(&mutex_);
  return lost_;
}

Status CoordinatorLine::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

StatusOr<std::optional<LeasedWork>> CoordinatorLine::Lease(int free_sequences,
                                                           double wait_seconds) {
  HONE_ASSIGN_OR_RETURN(const proto::LeaseResponse response,
                        client_.Lease(free_sequences, wait_seconds));
  // Read after the call: while it was retried the coordinator may have been replaced, and the lease
  // is then the new one's, which waits for its result. Should it be the old one's after all, the
  // new coordinator either takes the same samples or refuses them.
  const uint64_t epoch = client_.epoch();
  if (response.groups().empty()) return std::nullopt;
  LeasedWork work{.lease_id = response.lease_id(), .weights = {epoch, response.policy_version()}};
  work.follow_weights = response.follow_weights();
  HONE_ASSIGN_OR_RETURN(work.sampling, FromProto(response.sampling()));
  for (const proto::Group& message : response.groups()) {
    HONE_ASSIGN_OR_RETURN(GroupOrder group, FromProto(message));
    work.groups.push_back(std::move(group));
  }
  return work;
}

std::optional<WeightsVersion> CoordinatorLine::published() const {
  const auto published = client_.published();
  if (!published.has_value()) return std::nullopt;
  return WeightsVersion{published->epoch, published->version};
}

StatusOr<ReceivedWeights> CoordinatorLine::FetchWeights(const WeightsVersion& version) {
  if (version.epoch != client_.epoch()) return absl::NotFoundError("the epoch is over");
  StatusOr<ReceivedWeights> received;
  HONE_RETURN_IF_ERROR(
      client_.FetchWeights(version.version, [&](const proto::WeightsManifest& manifest) {
        received = ReceiveWeights(version.version, manifest, {}, stop_);
        return received.status();
      }));
  return received;
}

Status CoordinatorLine::SubmitRequest(proto::SubmitRequest request, Effort* effort) {
  request.set_generate_seconds(effort->seconds);
  request.set_generated_tokens(effort->tokens);
  request.set_occupied_seconds(effort->occupied_seconds);
  request.set_cached_seconds(effort->cached_seconds);
  *effort = {};
  return client_.Submit(std::move(request)).status();
}

Status CoordinatorLine::Submit(std::vector<FinishedWork> work, Effort* effort) {
  // A request speaks of one lease.
  std::stable_sort(work.begin(), work.end(), [](const FinishedWork& a, const FinishedWork& b) {
    return a.lease_id < b.lease_id;
  });
  proto::SubmitRequest request;
  size_t num_tokens = 0;
  for (const FinishedWork& finished : work) {
    if (finished.weights.epoch != client_.epoch()) continue;
    num_tokens += NumTokens(finished.group);
    const bool fits = request.lease_id() == finished.lease_id && num_tokens <= kMaxSubmitTokens;
    if (!fits && request.groups_size() > 0) {
      HONE_RETURN_IF_ERROR(SubmitRequest(std::exchange(request, {}), effort));
      num_tokens = NumTokens(finished.group);
    }
    request.set_lease_id(finished.lease_id);
    request.set_policy_version(finished.weights.version);
    *request.add_groups() = ToProto(finished.group);
  }
  if (request.groups_size() == 0) return absl::OkStatus();
  return SubmitRequest(std::move(request), effort);
}

}  // namespace hone
