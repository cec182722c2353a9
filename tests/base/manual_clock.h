// A clock that stands still until the test moves it.
#ifndef HONE_TESTS_BASE_MANUAL_CLOCK_H_
#define HONE_TESTS_BASE_MANUAL_CLOCK_H_

#include <vector>

#include "base/clock.h"

namespace hone {

class ManualClock : public Clock {
 public:
  absl::Time Now() override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  void Wait(absl::CondVar* changed, absl::Mutex* mutex, absl::Time deadline) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    {
      absl::MutexLock lock(&mutex_);
      if (now_ >= deadline) return;
      waiters_.push_back({changed, mutex});
      entered_.SignalAll();
    }
    changed->Wait(mutex);
    absl::MutexLock lock(&mutex_);
    for (auto it = waiters_.begin(); it != waiters_.end(); ++it) {
      if (it->changed == changed && it->mutex == mutex) {
        waiters_.erase(it);
        break;
      }
    }
  }

  // Moves time and wakes all who wait. The waiters' owners must outlive the call.
  void Advance(absl::Duration duration) {
    std::vector<Waiter> waiters;
    {
      absl::MutexLock lock(&mutex_);
      now_ += duration;
      waiters = waiters_;
    }
    // A waiter registers under its own mutex: once that is free, it waits and hears the signal.
    for (const Waiter& waiter : waiters) {
      absl::MutexLock lock(waiter.mutex);
      waiter.changed->SignalAll();
    }
  }

  // Blocks until somebody waits on this clock: the test may then move it.
  void AwaitWaiters(int num_waiters) {
    absl::MutexLock lock(&mutex_);
    while (static_cast<int>(waiters_.size()) < num_waiters) entered_.Wait(&mutex_);
  }

 private:
  struct Waiter {
    absl::CondVar* changed;
    absl::Mutex* mutex;
  };

  absl::Mutex mutex_;
  absl::CondVar entered_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::UnixEpoch();
  std::vector<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hone

#endif  // HONE_TESTS_BASE_MANUAL_CLOCK_H_
