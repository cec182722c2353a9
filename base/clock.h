// Time as a parameter, so that tests decide when it passes.
// Thread safety: all functions may be called from any thread.
#ifndef HONE_BASE_CLOCK_H_
#define HONE_BASE_CLOCK_H_

#include <chrono>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace hone {

class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes back. Differences have a meaning; the origin has none.
  virtual absl::Time Now() = 0;

  // Blocks until `changed` is signalled or the clock reaches `deadline`; may return earlier.
  virtual void Wait(absl::CondVar* changed, absl::Mutex* mutex, absl::Time deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) = 0;
};

class SteadyClock : public Clock {
 public:
  absl::Time Now() override {
    return absl::UnixEpoch() +
           absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
  void Wait(absl::CondVar* changed, absl::Mutex* mutex, absl::Time deadline) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    changed->WaitWithTimeout(mutex, deadline - Now());
  }
};

inline Clock* RealClock() {
  static SteadyClock clock;
  return &clock;
}

}  // namespace hone

#endif  // HONE_BASE_CLOCK_H_
