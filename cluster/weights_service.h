// The WeightsServer service of proto/hone.proto: streams a segment to workers on other hosts. The
// chunks point into the segment, which lives until the last of them is sent.
// Thread safety: all functions may be called from any thread; gRPC calls Read from its own.
#ifndef HONE_CLUSTER_WEIGHTS_SERVICE_H_
#define HONE_CLUSTER_WEIGHTS_SERVICE_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cluster/weights_segment.h"
#include "proto/hone.grpc.pb.h"

namespace hone {

inline constexpr int64_t kWeightsChunkBytes = 1 << 20;

class WeightsService
    : public proto::WeightsServer::WithRawCallbackMethod_Read<proto::WeightsServer::Service> {
 public:
  // Serves `segment` from now on; null: nothing. Streams of the one before go on to their end.
  void Serve(std::shared_ptr<const WeightsSegment> segment);

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Read(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request) override;

 private:
  absl::Mutex mutex_;
  std::shared_ptr<const WeightsSegment> segment_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hone

#endif  // HONE_CLUSTER_WEIGHTS_SERVICE_H_
