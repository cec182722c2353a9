#include "trainer/coordinator/coordinator_service.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cluster/rpc.h"

namespace hone {
namespace {

// A handler holds a thread of the server while it waits.
constexpr double kMaxWaitSeconds = 2;

StatusOr<MemberRole> CheckRegistration(const proto::RegisterRequest& request) {
  if (request.client_id().empty()) return absl::InvalidArgumentError("client_id is empty");
  switch (request.role()) {
    case proto::ROLE_ROLLOUT:
      return MemberRole::kRollout;
    case proto::ROLE_REWARD:
      if (request.address().empty()) {
        return absl::InvalidArgumentError("a reward service must say its address");
      }
      return MemberRole::kReward;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("unknown role ", static_cast<int>(request.role())));
  }
}

StatusOr<Submission> ParseSubmission(const proto::SubmitRequest& request) {
  // A NaN fails, too; the parts were summed up on their own, so they may exceed the whole a little.
  const auto is_part = [&](double seconds) {
    return seconds >= 0 && seconds <= request.generate_seconds() * 1.001;
  };
  if (!std::isfinite(request.generate_seconds()) || request.generate_seconds() < 0 ||
      request.generated_tokens() < 0) {
    return absl::InvalidArgumentError("generate_seconds and generated_tokens must be 0 or more");
  }
  if (!is_part(request.occupied_seconds()) || !is_part(request.cached_seconds())) {
    return absl::InvalidArgumentError(
        "occupied_seconds and cached_seconds must be from 0 to generate_seconds");
  }
  Submission submission{.client_id = request.client_id(),
                        .lease_id = request.lease_id(),
                        .policy_version = request.policy_version(),
                        .effort = {.generate_seconds = request.generate_seconds(),
                                   .generated_tokens = request.generated_tokens(),
                                   .occupied_seconds = request.occupied_seconds(),
                                   .cached_seconds = request.cached_seconds()}};
  for (const proto::FinishedGroup& group : request.groups()) {
    HONE_ASSIGN_OR_RETURN(GroupResult result, FromProto(group));
    submission.groups.push_back(std::move(result));
  }
  return submission;
}

}  // namespace

CoordinatorService::CoordinatorService(const CoordinatorOptions& options, Dispatcher* dispatcher)
    : run_id_(options.run_id),
      heartbeat_seconds_(options.heartbeat_seconds),
      lease_seconds_(options.lease_seconds),
      dispatcher_(dispatcher) {}

grpc::Status CoordinatorService::Register(grpc::ServerContext* context,
                                          const proto::RegisterRequest* request,
                                          proto::RegisterResponse* response) {
  const StatusOr<MemberRole> role = CheckRegistration(*request);
  if (!role.ok()) return ToGrpc(role.status());
  const StatusOr<bool> done = dispatcher_->Register(request->client_id(), *role, request->address(),
                                                    request->experiment_hash());
  if (!done.ok()) return ToGrpc(done.status());
  response->set_run_id(run_id_);
  response->set_heartbeat_seconds(heartbeat_seconds_);
  response->set_done(*done);
  return grpc::Status::OK;
}

grpc::Status CoordinatorService::Lease(grpc::ServerContext* context,
                                       const proto::LeaseRequest* request,
                                       proto::LeaseResponse* response) {
  // Written so that a NaN becomes 0.
  const double wait_seconds =
      request->wait_seconds() > 0 ? std::min(request->wait_seconds(), kMaxWaitSeconds) : 0;
  const StatusOr<LeaseGrant> grant =
      dispatcher_->Lease(request->client_id(), request->free_sequences(),
                         absl::Seconds(wait_seconds), [&] { return context->IsCancelled(); });
  if (!grant.ok()) return ToGrpc(grant.status());
  response->set_done(grant->done);
  if (grant->published_version) response->set_published_version(*grant->published_version);
  if (grant->spec == nullptr) return grpc::Status::OK;
  response->set_lease_id(grant->lease_id);
  response->set_policy_version(grant->policy_version);
  response->set_deadline_seconds(lease_seconds_);
  response->set_follow_weights(grant->spec->follow_weights);
  *response->mutable_sampling() = ToProto(grant->spec->sampling);
  for (const int index : grant->groups) {
    *response->add_groups() = ToProto(grant->spec->prompts[index], grant->spec->num_samples);
  }
  return grpc::Status::OK;
}

grpc::Status CoordinatorService::Submit(grpc::ServerContext* context,
                                        const proto::SubmitRequest* request,
                                        proto::SubmitResponse* response) {
  StatusOr<Submission> submission = ParseSubmission(*request);
  if (!submission.ok()) return ToGrpc(submission.status());
  const StatusOr<SubmissionResult> result = dispatcher_->Submit(*std::move(submission));
  if (!result.ok()) return ToGrpc(result.status());
  response->set_accepted(result->accepted);
  response->set_duplicates(result->duplicates);
  return grpc::Status::OK;
}

grpc::Status CoordinatorService::FetchWeights(grpc::ServerContext* context,
                                              const proto::FetchWeightsRequest* request,
                                              proto::WeightsManifest* response) {
  const auto weights = dispatcher_->WeightsFor(request->client_id(), request->policy_version());
  if (!weights.ok()) return ToGrpc(weights.status());
  *response = (*weights)->manifest;
  return grpc::Status::OK;
}

}  // namespace hone
