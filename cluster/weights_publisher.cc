#include "cluster/weights_publisher.h"

#include <chrono>
#include <utility>

#include "cluster/rpc.h"
#include "cluster/weights_service.h"

namespace hone {

// In the order of construction; the server goes first.
struct WeightsPublisher::Parts {
  ~Parts() {
    if (rpc.server != nullptr) rpc.server->Shutdown(std::chrono::system_clock::now());
  }

  WeightsService service;
  RpcServer rpc;
  std::string advertised_address;
};

StatusOr<std::unique_ptr<WeightsPublisher>> WeightsPublisher::Start(
    const std::string& listen_address, const std::string& advertised_host) {
  auto parts = std::make_unique<Parts>();
  StatusOr<RpcServer> rpc = StartRpcServer(listen_address, {&parts->service});
  if (!rpc.ok()) return Annotate(rpc.status(), "the server of weights");
  parts->rpc = *std::move(rpc);
  parts->advertised_address = AdvertisedAddress(parts->rpc.address, advertised_host);
  return std::unique_ptr<WeightsPublisher>(new WeightsPublisher(std::move(parts)));
}

WeightsPublisher::WeightsPublisher(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

WeightsPublisher::~WeightsPublisher() = default;

StatusOr<WeightsSource> WeightsPublisher::Publish(uint64_t policy_version,
                                                  absl::Span<const WeightsShard> shards) {
  parts_->service.Serve(nullptr);
  HONE_ASSIGN_OR_RETURN(std::shared_ptr<const WeightsSegment> segment,
                        WeightsSegment::Create(policy_version, shards));
  WeightsSource source = segment->source();
  source.address = parts_->advertised_address;
  parts_->service.Serve(std::move(segment));
  return source;
}

}  // namespace hone
