// A role's line to the coordinator: joins it, stays known to it by heartbeats, finds it again after
// a restart, and makes the calls of proto/hone.proto with deadlines and retries.
//
// Thread safety: all methods may be called from any thread; all but the getters block.
// Invariants:
//  * an epoch is one stay in one coordinator's roster. It ends when the coordinator no longer knows
//    us (it was restarted, or we were silent for too long): whatever was leased before is void, and
//    a version number may then mean other weights;
//  * an error means that there is no use in trying on: the coordinator refused us, or did not
//    answer any call for give_up_seconds.
#ifndef HONE_CLUSTER_COORDINATOR_CLIENT_H_
#define HONE_CLUSTER_COORDINATOR_CLIENT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"
#include "proto/hone.grpc.pb.h"

namespace hone {

struct CoordinatorClientOptions {
  // Where the coordinator listens. Asked again whenever it does not answer: a trainer that was
  // restarted may listen elsewhere. An error means "not known yet" and is retried as well.
  std::function<StatusOr<std::string>()> address;
  std::string client_id = {};  // unique while it lives, e.g. "rollout-0.4711"
  std::string experiment_hash = {};
  std::string service_address = {};  // a reward service's own "host:port"; empty: a rollout worker
  double give_up_seconds = 60;
  Clock* clock = RealClock();  // not owned
};

class CoordinatorClient {
 public:
  // `stop` is watched while waiting: once raised, calls return Cancelled soon.
  CoordinatorClient(CoordinatorClientOptions options, const std::atomic<bool>& stop);

  // Registers; the other calls come after it.
  Status Join();

  // Blocks, keeping us known, until the run is done, `stop` is raised or Leave() was called (OK),
  // or there is no use in trying on (an error).
  Status KeepJoined();
  void Leave();

  // Asks for work. No groups when there is none, or when we had to join again.
  StatusOr<proto::LeaseResponse> Lease(int free_sequences, double wait_seconds);

  // Hands in groups, trying again until it works. The client id is filled in. No response when we
  // had to join again: the groups are void.
  StatusOr<proto::SubmitResponse> Submit(proto::SubmitRequest request);

  // Asks where a version is and calls `fetch` with the answer. Does both again while a source
  // cannot be read (fetch returns NotFound, Unavailable or the like) though the coordinator has not
  // gone on to another version; Unavailable after give_up_seconds of that. Any other error of fetch
  // ends it and is returned. NotFound: the version is over, ask for a new lease.
  using FetchParts = std::function<Status(const proto::WeightsManifest&)>;
  Status FetchWeights(uint64_t version, const FetchParts& fetch);

  // The newest version that a lease or a heartbeat has told of in this epoch; nullopt before.
  struct Published {
    uint64_t epoch = 0;
    uint64_t version = 0;
  };
  std::optional<Published> published() const;

  bool done() const;  // the run has ended: exit with 0
  uint64_t epoch() const;

 private:
  using Stub = proto::Coordinator::Stub;

  // One attempt of a call to the coordinator that was last heard of.
  Status Attempt(double deadline_seconds,
                 const std::function<grpc::Status(Stub*, grpc::ClientContext*)>& call);
  // Attempts until one is answered; waits between them.
  Status Call(double deadline_seconds,
              const std::function<grpc::Status(Stub*, grpc::ClientContext*)>& call);
  // Registers unless another thread has already ended this epoch.
  Status JoinAfter(uint64_t epoch);
  Status Register();
  // To the address that answered last, or to the one that `address` gives now.
  StatusOr<std::shared_ptr<Stub>> Connect();
  Status GiveUp(const Status& last_error) const;
  // False when it is time to go.
  bool Pause(double seconds);

  const CoordinatorClientOptions options_;
  const std::atomic<bool>& stop_;

  absl::Mutex join_mutex_;  // held while joining, before mutex_
  mutable absl::Mutex mutex_;
  absl::CondVar left_changed_;
  std::string address_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Stub> stub_ ABSL_GUARDED_BY(mutex_);
  bool ask_address_ ABSL_GUARDED_BY(mutex_) = true;
  absl::Time last_answer_ ABSL_GUARDED_BY(mutex_);
  double heartbeat_seconds_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<Published> published_ ABSL_GUARDED_BY(mutex_);
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  bool left_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace hone

#endif  // HONE_CLUSTER_COORDINATOR_CLIENT_H_
