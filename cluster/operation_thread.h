// A thread that runs operations one after the other, in the order in which they were given.
//
// Thread safety: all functions may be called from any thread.
// Invariant: after an error nothing runs any more, and every later operation fails with that error.
#ifndef HONE_CLUSTER_OPERATION_THREAD_H_
#define HONE_CLUSTER_OPERATION_THREAD_H_

#include <deque>
#include <functional>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "cluster/collectives.h"

namespace hone {

// How an operation waits for other ranks. While they are near, looking again at once is quickest;
// later it would steal from them, so it sleeps between two looks.
inline constexpr absl::Duration kBusyLook = absl::Microseconds(300);
inline constexpr absl::Duration kLookAgain = absl::Microseconds(50);

class OperationThread {
 public:
  // `idle` runs on the thread each `idle_every` while there is nothing to do and nothing has
  // failed, `end` as the last there, with the first failure. Both may be empty.
  struct Hooks {
    std::function<void()> idle = {};
    absl::Duration idle_every = absl::InfiniteDuration();
    std::function<void(const Status&)> end = {};
  };
  explicit OperationThread(Hooks hooks);
  ~OperationThread();  // when all that was given is done

  // `finished` hears how long `run` took, `waited` how long somebody stood in Wait(); both may be
  // empty.
  using OnSeconds = std::function<void(double)>;
  Pending Enqueue(std::function<Status()> run, OnSeconds finished, OnSeconds waited);
  // Blocks.
  Status RunNow(std::function<Status()> run) { return Enqueue(std::move(run), {}, {}).Wait(); }

 private:
  struct Task;

  void Loop();
  std::shared_ptr<Task> Next();  // blocks; null at the end

  const Hooks hooks_;
  Status broken_;  // of the thread: the first failure

  absl::Mutex mutex_;
  std::deque<std::shared_ptr<Task>> queue_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace hone

#endif  // HONE_CLUSTER_OPERATION_THREAD_H_
