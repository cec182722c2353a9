// The Coordinator service of proto/hone.proto, in terms of the Dispatcher.
// Thread safety: gRPC calls the handlers from its own threads.
#ifndef HONE_TRAINER_COORDINATOR_COORDINATOR_SERVICE_H_
#define HONE_TRAINER_COORDINATOR_COORDINATOR_SERVICE_H_

#include <string>

#include "proto/hone.grpc.pb.h"
#include "trainer/coordinator/dispatcher.h"

namespace hone {

class CoordinatorService : public proto::Coordinator::Service {
 public:
  // `dispatcher` is not owned.
  CoordinatorService(const CoordinatorOptions& options, Dispatcher* dispatcher);

  grpc::Status Register(grpc::ServerContext* context, const proto::RegisterRequest* request,
                        proto::RegisterResponse* response) override;
  grpc::Status Lease(grpc::ServerContext* context, const proto::LeaseRequest* request,
                     proto::LeaseResponse* response) override;
  grpc::Status Submit(grpc::ServerContext* context, const proto::SubmitRequest* request,
                      proto::SubmitResponse* response) override;
  grpc::Status FetchWeights(grpc::ServerContext* context, const proto::FetchWeightsRequest* request,
                            proto::WeightsManifest* response) override;

 private:
  const std::string run_id_;
  const double heartbeat_seconds_;
  const double lease_seconds_;
  Dispatcher* const dispatcher_;
};

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_COORDINATOR_SERVICE_H_
