// A worker's side of publishing: brings the parts of a version together from the ranks that hold
// them, out of shared memory where a rank is on this host, and else over gRPC.
#ifndef HONE_CLUSTER_WEIGHTS_CLIENT_H_
#define HONE_CLUSTER_WEIGHTS_CLIENT_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "base/status.h"
#include "cluster/weights_segment.h"
#include "data/weights_source.h"

namespace hone {

// Over how many connections a source of this size is read: one or two. Less than `min_stream_bytes`
// is not worth a second one.
inline constexpr int64_t kMinStreamBytes = 80 << 20;
int NumWeightsConnections(int64_t num_bytes, int64_t min_stream_bytes = kMinStreamBytes);

struct WeightsFetchOptions {
  std::string host = ThisHost();  // a source with another one is not looked for in shared memory
  double stall_seconds = 20;      // without a chunk from a source
  int64_t min_stream_bytes = kMinStreamBytes;
};

struct WeightsFetchReport {
  int64_t shared_bytes = 0;
  int64_t rpc_bytes = 0;
  std::string why_not_shared;  // for a source on this host that had to be read over gRPC
};

// "27 MB from shared memory, 3 MB over gRPC (why)".
std::string Describe(const WeightsFetchReport& report);

// flat = the ranges of the sources, which cover it (CheckTiling). After an error its contents are
// undefined. Blocks; copies with the threads of kernels/parallel.h, and with its own over gRPC.
// NotFound: a source has let go of its part. Unavailable: it cannot be reached, or died.
// DeadlineExceeded: it stalls, or brings less than 10 MB a second over the whole. DataLoss: it
// answers something else than it was asked for. Cancelled: `stop` was raised.
StatusOr<WeightsFetchReport> FetchWeights(absl::Span<const WeightsSource> sources,
                                          absl::Span<float> flat,
                                          const WeightsFetchOptions& options,
                                          const std::atomic<bool>& stop);

}  // namespace hone

#endif  // HONE_CLUSTER_WEIGHTS_CLIENT_H_
