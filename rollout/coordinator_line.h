// The worker's side of the protocol, in the terms of the engine: leases come in as work, finished
// work goes out, and a thread of its own keeps the coordinator aware of us while we decode.
//
// Thread safety: one thread uses it; `over`, `status`, `published` and `FetchWeights` may be called
// from any.
// Invariants: work of an epoch that is over (cluster/coordinator_client.h) is never handed in.
#ifndef HONE_ROLLOUT_COORDINATOR_LINE_H_
#define HONE_ROLLOUT_COORDINATOR_LINE_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/status.h"
#include "cluster/coordinator_client.h"
#include "data/wire.h"
#include "rollout/weights_receiver.h"

namespace hone {

// A version's number means the same weights only within an epoch.
struct WeightsVersion {
  uint64_t epoch = 0;
  uint64_t version = 0;

  friend bool operator==(const WeightsVersion&, const WeightsVersion&) = default;
};

// A lease.
struct LeasedWork {
  uint64_t lease_id = 0;
  WeightsVersion weights;
  bool follow_weights = false;  // newer weights of the same epoch will do, from any token on
  SamplingParams sampling = {};
  std::vector<GroupOrder> groups = {};
};

struct FinishedWork {
  uint64_t lease_id = 0;
  WeightsVersion weights;
  GroupResult group;
};

// What it took to generate.
struct Effort {
  double seconds = 0;
  int64_t tokens = 0;
  double occupied_seconds = 0;  // `seconds` by the share of places that were taken
  double cached_seconds = 0;    // `seconds` by the share of the KV cache that was in use
};

class CoordinatorLine {
 public:
  // The options are a worker's: no service address. `stop` as in CoordinatorClient.
  CoordinatorLine(const CoordinatorClientOptions& options, const std::atomic<bool>& stop);
  ~CoordinatorLine();

  // Joins; comes first.
  Status Open();

  // The run is done, or there is no use in going on: then status() says why.
  bool over() const;
  Status status() const;

  // Work for up to `free_sequences` more, waiting for it that long; nullopt when there is none.
  // InvalidArgument when the coordinator sends what makes no sense.
  StatusOr<std::optional<LeasedWork>> Lease(int free_sequences, double wait_seconds);

  // Says goodbye: whatever still waits for the coordinator ends soon, with Cancelled.
  void Leave() { client_.Leave(); }

  // The newest version that we have heard of.
  std::optional<WeightsVersion> published() const;

  // NotFound: the version is over, and the leases on it with it.
  StatusOr<ReceivedWeights> FetchWeights(const WeightsVersion& version);

  // Hands the groups in, and with them the effort, which is then reset.
  Status Submit(std::vector<FinishedWork> work, Effort* effort);

 private:
  Status SubmitRequest(proto::SubmitRequest request, Effort* effort);

  const std::atomic<bool>& stop_;
  CoordinatorClient client_;
  std::thread heartbeats_;
  mutable absl::Mutex mutex_;
  bool lost_ ABSL_GUARDED_BY(mutex_) = false;
  Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hone

#endif  // HONE_ROLLOUT_COORDINATOR_LINE_H_
