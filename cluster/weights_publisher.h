// A rank's side of publishing: holds the rank's part of one version of the weights, in shared
// memory for workers on this host and on a small server of its own for all others.
//
// Every rank calls Publish with its shards and gives what it returns to the coordinator's rank,
// which hands it out to the workers.
//
// Thread safety: all functions may be called from any thread.
#ifndef HONE_CLUSTER_WEIGHTS_PUBLISHER_H_
#define HONE_CLUSTER_WEIGHTS_PUBLISHER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/types/span.h"
#include "base/status.h"
#include "cluster/weights_segment.h"

namespace hone {

class WeightsPublisher {
 public:
  // Listens on "host:port", port 0 for any, and tells workers to come to AdvertisedAddress() of it.
  // Unavailable when that cannot be done.
  static StatusOr<std::unique_ptr<WeightsPublisher>> Start(const std::string& listen_address,
                                                           const std::string& advertised_host = "");
  ~WeightsPublisher();  // ends all streams

  // Copies the shards, and lets go of the version before first, so that one copy is the most there
  // is of them; who reads that one still reads it to its end. Whoever comes for it later is told
  // that it is over, and asks the coordinator what there is instead.
  StatusOr<WeightsSource> Publish(uint64_t policy_version, absl::Span<const WeightsShard> shards);

 private:
  struct Parts;
  explicit WeightsPublisher(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace hone

#endif  // HONE_CLUSTER_WEIGHTS_PUBLISHER_H_
