#include "trainer/coordinator/coordinator.h"

#include <chrono>
#include <utility>

#include "cluster/rpc.h"
#include "trainer/coordinator/coordinator_service.h"
#include "trainer/coordinator/dispatcher.h"
#include "trainer/coordinator/scorer.h"

namespace hone {
namespace {

constexpr std::chrono::seconds kCloseDeadline(1);  // for calls that are being answered

}  // namespace

// In the order of construction; the server goes first.
struct Coordinator::Parts {
  explicit Parts(const CoordinatorOptions& options)
      : dispatcher(options),
        service(options, &dispatcher),
        scorer(&dispatcher, options.reward_timeout_seconds, options.clock) {}

  ~Parts() {
    dispatcher.Close();
    if (rpc.server != nullptr) {
      rpc.server->Shutdown(std::chrono::system_clock::now() + kCloseDeadline);
    }
  }

  Dispatcher dispatcher;
  CoordinatorService service;
  Scorer scorer;
  RpcServer rpc;
};

StatusOr<std::unique_ptr<Coordinator>> Coordinator::Start(const CoordinatorOptions& options) {
  auto parts = std::make_unique<Parts>(options);
  StatusOr<RpcServer> rpc = StartRpcServer(options.listen_address, {&parts->service});
  if (!rpc.ok()) return Annotate(rpc.status(), "the coordinator");
  parts->rpc = *std::move(rpc);
  return std::unique_ptr<Coordinator>(new Coordinator(std::move(parts)));
}

Coordinator::Coordinator(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Coordinator::~Coordinator() = default;

std::string Coordinator::address() const { return parts_->rpc.address; }

Status Coordinator::Publish(uint64_t version, const ModelConfig& config,
                            const std::vector<WeightsSource>& sources) {
  HONE_ASSIGN_OR_RETURN(PublishedWeights weights, DescribeWeights(version, config, sources));
  parts_->dispatcher.Publish(std::move(weights));
  return absl::OkStatus();
}

StatusOr<JobId> Coordinator::Enqueue(GenerateJob job) {
  return parts_->dispatcher.Enqueue(std::move(job));
}

StatusOr<std::vector<Group>> Coordinator::Wait(JobId job, const OnProgress& on_progress) {
  return parts_->dispatcher.Wait(job, on_progress);
}

StatusOr<std::vector<Group>> Coordinator::WaitForSome(const SomeGroups& some,
                                                      const OnProgress& on_progress) {
  return parts_->dispatcher.WaitForSome(some, on_progress);
}

void Coordinator::Cancel() { parts_->dispatcher.Cancel(); }

CoordinatorStats Coordinator::TakeStats() { return parts_->dispatcher.TakeStats(); }

void Coordinator::Finish() {
  parts_->dispatcher.Finish();
  parts_->dispatcher.AwaitAllTold();
  parts_->dispatcher.Close();
  parts_->rpc.server->Shutdown(std::chrono::system_clock::now() + kCloseDeadline);
}

}  // namespace hone
