// Tells the thread sanitizer what absl::Mutex does. Debian's Abseil is not instrumented, so without
// this every field that a mutex guards looks like a race. The linker sends calls from Hone's own
// objects here (--wrap, see CMakeLists.txt), and from here to the library.
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

// Names as the linker knows them; `debian3` is the inline namespace of Debian 12's package.
#define HONE_WRAP(symbol) __wrap__ZN4absl7debian3##symbol
#define HONE_REAL(symbol) __real__ZN4absl7debian3##symbol

namespace {

constexpr unsigned kExclusive = __tsan_mutex_linker_init;
constexpr unsigned kShared = __tsan_mutex_linker_init | __tsan_mutex_read_lock;

template <typename Lock>
void Locking(absl::Mutex* mutex, unsigned flags, Lock lock) {
  __tsan_mutex_pre_lock(mutex, flags);
  lock();
  __tsan_mutex_post_lock(mutex, flags, 0);
}

template <typename Unlock>
void Unlocking(absl::Mutex* mutex, unsigned flags, Unlock unlock) {
  __tsan_mutex_pre_unlock(mutex, flags);
  unlock();
  __tsan_mutex_post_unlock(mutex, flags);
}

// Gives the mutex up and has it again afterwards.
template <typename Wait>
auto Waiting(absl::Mutex* mutex, Wait wait) {
  Unlocking(mutex, kExclusive, [] {});
  const auto result = wait();
  Locking(mutex, kExclusive, [] {});
  return result;
}

}  // namespace

extern "C" {

void HONE_REAL(5Mutex4LockEv)(absl::Mutex*);
void HONE_WRAP(5Mutex4LockEv)(absl::Mutex* mutex) {
  Locking(mutex, kExclusive, [&] { HONE_REAL(5Mutex4LockEv)(mutex); });
}

void HONE_REAL(5Mutex6UnlockEv)(absl::Mutex*);
void HONE_WRAP(5Mutex6UnlockEv)(absl::Mutex* mutex) {
  Unlocking(mutex, kExclusive, [&] { HONE_REAL(5Mutex6UnlockEv)(mutex); });
}

void HONE_REAL(5Mutex10ReaderLockEv)(absl::Mutex*);
void HONE_WRAP(5Mutex10ReaderLockEv)(absl::Mutex* mutex) {
  Locking(mutex, kShared, [&] { HONE_REAL(5Mutex10ReaderLockEv)(mutex); });
}

void HONE_REAL(5Mutex12ReaderUnlockEv)(absl::Mutex*);
void HONE_WRAP(5Mutex12ReaderUnlockEv)(absl::Mutex* mutex) {
  Unlocking(mutex, kShared, [&] { HONE_REAL(5Mutex12ReaderUnlockEv)(mutex); });
}

void HONE_REAL(5Mutex5AwaitERKNS0_9ConditionE)(absl::Mutex*, const absl::Condition&);
void HONE_WRAP(5Mutex5AwaitERKNS0_9ConditionE)(absl::Mutex* mutex, const absl::Condition& until) {
  Waiting(mutex, [&] {
    HONE_REAL(5Mutex5AwaitERKNS0_9ConditionE)(mutex, until);
    return true;
  });
}

void HONE_REAL(7CondVar4WaitEPNS0_5MutexE)(absl::CondVar*, absl::Mutex*);
void HONE_WRAP(7CondVar4WaitEPNS0_5MutexE)(absl::CondVar* changed, absl::Mutex* mutex) {
  Waiting(mutex, [&] {
    HONE_REAL(7CondVar4WaitEPNS0_5MutexE)(changed, mutex);
    return true;
  });
}

bool HONE_REAL(7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE)(absl::CondVar*, absl::Mutex*,
                                                                  absl::Time);
bool HONE_WRAP(7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE)(absl::CondVar* changed,
                                                                  absl::Mutex* mutex,
                                                                  absl::Time deadline) {
  return Waiting(mutex, [&] {
    return HONE_REAL(7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE)(changed, mutex, deadline);
  });
}

bool HONE_REAL(7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE)(absl::CondVar*, absl::Mutex*,
                                                                     absl::Duration);
bool HONE_WRAP(7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE)(absl::CondVar* changed,
                                                                     absl::Mutex* mutex,
                                                                     absl::Duration timeout) {
  return Waiting(mutex, [&] {
    return HONE_REAL(7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE)(changed, mutex, timeout);
  });
}

}  // extern "C"
