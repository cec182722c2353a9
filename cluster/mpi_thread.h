// The thread that makes every MPI call of this process, and messages over it. Operations run one
// after the other in the order in which they were given.
//
// While it waits for other ranks it sleeps between looks, so that it takes no core from the
// arithmetic. It answers roll calls (cluster/roll_call.h) then, and when it has nothing to do.
// Thread safety: any thread, but what an operation calls: on the thread only. Invariant: after an
// error no MPI call is made, and every later operation fails with that error.
#ifndef HONE_CLUSTER_MPI_THREAD_H_
#define HONE_CLUSTER_MPI_THREAD_H_

#include <mpi.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "cluster/collectives.h"
#include "cluster/mpi_roll_call.h"
#include "cluster/mpi_world.h"
#include "cluster/operation_thread.h"

namespace hone {

Status FromMpi(int code, absl::string_view what);

class MpiThread {
 public:
  // `roll_call_tag` is for its messages alone.
  MpiThread(const MpiOptions& options, int roll_call_tag);

  using OnSeconds = OperationThread::OnSeconds;
  Pending Enqueue(std::function<Status()> run, OnSeconds finished, OnSeconds waited) {
    return thread_.Enqueue(std::move(run), std::move(finished), std::move(waited));
  }
  Status RunNow(std::function<Status()> run) { return thread_.RunNow(std::move(run)); }

  // MPI_Init, on the thread. MPI ends with it, if nothing failed.
  Status Join();
  World world() const { return world_; }
  const MpiOptions& options() const { return options_; }

  // As MpiWorld has them.
  void SetWaiting(Statement statement);
  StatusOr<std::string> CallRoll(const Statement& own, absl::string_view within);

 private:
  friend class MpiMessages;

  Statement Waiting();
  void Idle();
  void End(const Status& broken);
  // When an operation under way fails because a rank is known to be gone.
  absl::Time LostDeadline(absl::Time now);
  absl::Duration grace() const { return absl::Seconds(options_.lost_grace_seconds); }

  const MpiOptions options_;
  World world_;

  // Of the thread:
  bool joined_ = false;
  absl::Time lost_seen_ = absl::InfiniteFuture();
  MpiRollCall roll_call_;

  absl::Mutex mutex_;
  Statement waiting_ ABSL_GUARDED_BY(mutex_);
  OperationThread thread_;  // last: it uses all of the above
};

// The messages of one operation with several other ranks of the world.
class MpiMessages {
 public:
  MpiMessages(MpiThread* thread, int tag) : thread_(thread), tag_(tag) {}

  void Receive(void* bytes, int64_t n, int peer);
  // Done only when the other rank has begun to receive it: so the sender, too, learns who has not
  // arrived.
  void Send(const void* bytes, int64_t n, int peer);

  // Blocks until all of them are done. Errors name `operation` and the ranks that have not arrived,
  // after a roll call.
  Status Finish(absl::string_view operation);

 private:
  template <typename Start>
  void Split(int64_t n, int peer, Start start);
  std::vector<int> Missing() const;

  MpiThread* thread_;
  int tag_;
  std::vector<MPI_Request> requests_;
  std::vector<int> peers_;  // of each request
  int code_ = MPI_SUCCESS;
};

}  // namespace hone

#endif  // HONE_CLUSTER_MPI_THREAD_H_
