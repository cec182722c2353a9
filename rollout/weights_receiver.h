// From a manifest to the weights, checking all that it says.
#ifndef HONE_ROLLOUT_WEIGHTS_RECEIVER_H_
#define HONE_ROLLOUT_WEIGHTS_RECEIVER_H_

#include <atomic>
#include <cstdint>

#include "base/status.h"
#include "cluster/weights_client.h"
#include "model/weights.h"
#include "proto/hone.pb.h"

namespace hone {

struct ReceivedWeights {
  Weights weights;
  WeightsFetchReport report;
};

// InvalidArgument says what does not fit: a header that is no model's, sources of another version,
// or that do not have every float of the model once. The other errors are those of FetchWeights.
// Blocks.
StatusOr<ReceivedWeights> ReceiveWeights(uint64_t version, const proto::WeightsManifest& manifest,
                                         const WeightsFetchOptions& options,
                                         const std::atomic<bool>& stop);

}  // namespace hone

#endif  // HONE_ROLLOUT_WEIGHTS_RECEIVER_H_
