// The thread that makes every MPI call of this process, and messages over it. Operations run one
// after the other in the order in which they were given.
//
// While it waits for other ranks it sleeps between looks, so that it takes no core from the
// arithmetic. Thread safety: Enqueue from any thread; what an operation calls, on the thread only.
// Invariant: after an error no MPI call is made, and every later operation fails with that error.
#ifndef HONE_CLUSTER_MPI_THREAD_H_
#define HONE_CLUSTER_MPI_THREAD_H_

#include <mpi.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "cluster/collectives.h"
#include "cluster/mpi_world.h"

namespace hone {

Status FromMpi(int code, absl::string_view what);

class MpiThread {
 public:
  explicit MpiThread(const MpiOptions& options);
  ~MpiThread();  // ends MPI as well, if nothing failed

  // `finished` hears how long `run` took, `waited` how long somebody stood in Wait(); both may be
  // empty.
  using OnSeconds = std::function<void(double)>;
  Pending Enqueue(std::function<Status()> run, OnSeconds finished, OnSeconds waited);
  Status RunNow(std::function<Status()> run) { return Enqueue(std::move(run), {}, {}).Wait(); }

  // MPI_Init, on the thread.
  Status Join();
  World world() const { return world_; }

 private:
  friend class MpiMessages;
  struct Task;

  void Loop();
  std::shared_ptr<Task> Next();  // blocks; null at the end
  absl::Time LostDeadline(absl::Time now);

  const MpiOptions options_;
  World world_;

  // Of the thread:
  bool joined_ = false;
  Status broken_;  // the first failure
  absl::Time lost_seen_ = absl::InfiniteFuture();

  absl::Mutex mutex_;
  std::deque<std::shared_ptr<Task>> queue_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

// The messages of one operation with several other ranks of the world.
class MpiMessages {
 public:
  MpiMessages(MpiThread* thread, int tag) : thread_(thread), tag_(tag) {}

  void Receive(void* bytes, int64_t n, int peer);
  // Done only when the other rank has begun to receive it: so the sender, too, learns who has not
  // arrived.
  void Send(const void* bytes, int64_t n, int peer);

  // Blocks until all of them are done. Errors name `operation` and the ranks that have not arrived.
  Status Finish(absl::string_view operation);

 private:
  template <typename Start>
  void Split(int64_t n, int peer, Start start);
  std::string Missing() const;

  MpiThread* thread_;
  int tag_;
  std::vector<MPI_Request> requests_;
  std::vector<int> peers_;  // of each request
  int code_ = MPI_SUCCESS;
};

}  // namespace hone

#endif  // HONE_CLUSTER_MPI_THREAD_H_
