#include "cluster/coordinator_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "cluster/rpc.h"

namespace hone {
namespace {

constexpr double kRegisterSeconds = 5;  // deadlines of the calls
constexpr double kLeaseSeconds = 5;     // beyond the wait that was asked for
constexpr double kSubmitSeconds = 30;
constexpr double kManifestSeconds = 30;
constexpr double kFirstPauseSeconds = 0.1;  // between attempts; doubles up to the last
constexpr double kLastPauseSeconds = 2;
// The same for weights that a rank has let go of: usually the next version is about to be
// published.
constexpr double kLastFetchPauseSeconds = 0.4;
// Oftener than the coordinator asks for, so that the end of a run is heard of soon.
constexpr double kLongestHeartbeatSeconds = 0.5;
constexpr double kShortestHeartbeatSeconds = 0.01;
constexpr double kStopPollSeconds = 0.1;  // `stop` is set by signal handlers, which cannot wake us

// Worth another attempt: the peer may be restarting, or busy. Internal is what gRPC makes of a
// stream that its peer reset, Cancelled what a server that shuts down makes of its calls.
bool IsTransient(const Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsCancelled(status);
}

}  // namespace

CoordinatorClient::CoordinatorClient(CoordinatorClientOptions options,
                                     const std::atomic<bool>& stop)
    : options_(std::move(options)), stop_(stop), last_answer_(options_.clock->Now()) {}

bool CoordinatorClient::done() const {
  absl::MutexLock lock(&mutex_);
  return done_;
}

uint64_t CoordinatorClient::epoch() const {
  absl::MutexLock lock(&mutex_);
  return epoch_;
}

std::optional<CoordinatorClient::Published> CoordinatorClient::published() const {
  absl::MutexLock lock(&mutex_);
  return published_;
}

void CoordinatorClient::Leave() {
  absl::MutexLock lock(&mutex_);
  left_ = true;
  left_changed_.SignalAll();
}

bool CoordinatorClient::Pause(double seconds) {
  const absl::Time end = options_.clock->Now() + absl::Seconds(seconds);
  absl::MutexLock lock(&mutex_);
  while (!stop_ && !left_) {
    const absl::Time now = options_.clock->Now();
    if (now >= end) return true;
    options_.clock->Wait(&left_changed_, &mutex_,
                         std::min(end, now + absl::Seconds(kStopPollSeconds)));
  }
  return false;
}

Status CoordinatorClient::GiveUp(const Status& last_error) const {
  absl::MutexLock lock(&mutex_);
  return absl::UnavailableError(
      absl::StrCat(options_.client_id, " waited ", options_.give_up_seconds,
                   " s for the coordinator", address_.empty() ? "" : " at ", address_,
                   " and gave up; is the trainer running? (", last_error.message(), ")"));
}

StatusOr<std::shared_ptr<CoordinatorClient::Stub>> CoordinatorClient::Connect() {
  {
    absl::MutexLock lock(&mutex_);
    if (!ask_address_) return stub_;
  }
  HONE_ASSIGN_OR_RETURN(const std::string address, options_.address());
  absl::MutexLock lock(&mutex_);
  if (stub_ == nullptr || address != address_) {
    address_ = address;
    stub_ = proto::Coordinator::NewStub(MakeRpcChannel(address));
  }
  return stub_;
}

Status CoordinatorClient::Attempt(
    double deadline_seconds, const std::function<grpc::Status(Stub*, grpc::ClientContext*)>& call) {
  const StatusOr<std::shared_ptr<Stub>> stub = Connect();
  if (!stub.ok()) return absl::UnavailableError(stub.status().message());
  grpc::ClientContext context;
  SetDeadline(&context, deadline_seconds);
  const Status status = FromGrpc(call(stub->get(), &context));
  absl::MutexLock lock(&mutex_);
  ask_address_ = IsTransient(status);
  if (!ask_address_) last_answer_ = options_.clock->Now();
  return status;
}

Status CoordinatorClient::Call(
    double deadline_seconds, const std::function<grpc::Status(Stub*, grpc::ClientContext*)>& call) {
  for (double pause = kFirstPauseSeconds;; pause = std::min(2 * pause, kLastPauseSeconds)) {
    const Status status = Attempt(deadline_seconds, call);
    if (!IsTransient(status)) return status;
    absl::Time last_answer;
    {
      absl::MutexLock lock(&mutex_);
      last_answer = last_answer_;
    }
    if (options_.clock->Now() - last_answer >= absl::Seconds(options_.give_up_seconds)) {
      return GiveUp(status);
    }
    if (!Pause(pause)) return absl::CancelledError("stopped while waiting for the coordinator");
  }
}

Status CoordinatorClient::Register() {
  proto::RegisterRequest request;
  request.set_role(options_.service_address.empty() ? proto::ROLE_ROLLOUT : proto::ROLE_REWARD);
  request.set_client_id(options_.client_id);
  request.set_address(options_.service_address);
  request.set_experiment_hash(options_.experiment_hash);
  proto::RegisterResponse response;
  HONE_RETURN_IF_ERROR(Call(kRegisterSeconds, [&](Stub* stub, grpc::ClientContext* context) {
    return stub->Register(context, request, &response);
  }));
  absl::MutexLock lock(&mutex_);
  heartbeat_seconds_ = response.heartbeat_seconds();
  done_ = done_ || response.done();
  return absl::OkStatus();
}

Status CoordinatorClient::Join() { return JoinAfter(epoch()); }

Status CoordinatorClient::JoinAfter(uint64_t epoch) {
  absl::MutexLock join_lock(&join_mutex_);
  {
    absl::MutexLock lock(&mutex_);
    if (epoch_ != epoch) return absl::OkStatus();
  }
  HONE_RETURN_IF_ERROR(Register());
  absl::MutexLock lock(&mutex_);
  ++epoch_;
  published_.reset();
  LogInfo(absl::StrCat(options_.client_id, " joined the coordinator at ", address_));
  return absl::OkStatus();
}

Status CoordinatorClient::KeepJoined() {
  while (!done()) {
    double pause;
    {
      absl::MutexLock lock(&mutex_);
      pause = std::clamp(heartbeat_seconds_, kShortestHeartbeatSeconds, kLongestHeartbeatSeconds);
    }
    if (!Pause(pause)) return absl::OkStatus();
    // A worker's sign of life must not register by itself: that would hide that an epoch is over.
    const Status status = options_.service_address.empty() ? Lease(0, 0).status() : Register();
    if (absl::IsCancelled(status)) return absl::OkStatus();
    HONE_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

StatusOr<proto::LeaseResponse> CoordinatorClient::Lease(int free_sequences, double wait_seconds) {
  const uint64_t epoch_before = epoch();
  proto::LeaseRequest request;
  request.set_client_id(options_.client_id);
  request.set_free_sequences(free_sequences);
  request.set_wait_seconds(wait_seconds);
  proto::LeaseResponse response;
  const Status status =
      Call(wait_seconds + kLeaseSeconds, [&](Stub* stub, grpc::ClientContext* context) {
        return stub->Lease(context, request, &response);
      });
  if (absl::IsNotFound(status)) {
    HONE_RETURN_IF_ERROR(JoinAfter(epoch_before));
    return proto::LeaseResponse();
  }
  HONE_RETURN_IF_ERROR(status);
  absl::MutexLock lock(&mutex_);
  done_ = done_ || response.done();
  // Two calls may be under way: the later version counts, and only of this epoch.
  if (response.has_published_version() && epoch_ == epoch_before &&
      (!published_ || published_->version < response.published_version())) {
    published_ = {epoch_, response.published_version()};
  }
  return response;
}

StatusOr<proto::SubmitResponse> CoordinatorClient::Submit(proto::SubmitRequest request) {
  const uint64_t epoch_before = epoch();
  request.set_client_id(options_.client_id);
  proto::SubmitResponse response;
  const Status status = Call(kSubmitSeconds, [&](Stub* stub, grpc::ClientContext* context) {
    return stub->Submit(context, request, &response);
  });
  if (absl::IsNotFound(status)) {
    HONE_RETURN_IF_ERROR(JoinAfter(epoch_before));
    return proto::SubmitResponse();
  }
  HONE_RETURN_IF_ERROR(status);
  return response;
}

Status CoordinatorClient::FetchWeights(uint64_t version, const FetchParts& fetch) {
  proto::FetchWeightsRequest request;
  request.set_client_id(options_.client_id);
  request.set_policy_version(version);
  absl::Time failing_since = absl::InfiniteFuture();
  for (double pause = kFirstPauseSeconds;; pause = std::min(2 * pause, kLastFetchPauseSeconds)) {
    proto::WeightsManifest manifest;
    HONE_RETURN_IF_ERROR(Call(kManifestSeconds, [&](Stub* stub, grpc::ClientContext* context) {
      return stub->FetchWeights(context, request, &manifest);
    }));
    const Status status = fetch(manifest);
    if (!IsTransient(status) && !absl::IsNotFound(status)) return status;
    const absl::Time now = options_.clock->Now();
    failing_since = std::min(failing_since, now);
    if (now - failing_since >= absl::Seconds(options_.give_up_seconds)) {
      return absl::UnavailableError(absl::StrCat(
          options_.client_id, " tried for ", options_.give_up_seconds, " s to fetch version ",
          version, ", which the coordinator has published; is a rank of the trainer lost? (",
          status.message(), ")"));
    }
    if (!Pause(pause)) return absl::CancelledError("stopped while fetching weights");
  }
}

}  // namespace hone
