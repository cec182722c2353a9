#include "kernels/parallel.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cores.h"

namespace hone {
namespace {

// About 20 µs: longer than the pause between two kernels of a decode step, short enough not to
// disturb the other processes of a run, which share the cores.
constexpr int kSpins = 1000;

thread_local bool inside_parallel_for = false;

// One word tells the state of the job: its number, whether it may still be joined, and how many
// workers are in it. Run() works too, closes the job once every item is taken, and waits only for
// the workers that joined. One that was late (its core is busy elsewhere) finds the job closed and
// holds nobody up, which on a machine with other work makes a several-fold difference.
// Invariant: a worker touches body_, count_ and next_ only between joining and leaving.
class Pool {
 public:
  explicit Pool(int num_threads) {
    for (int i = 1; i < num_threads; ++i) threads_.emplace_back([this] { WorkerLoop(); });
  }

  ~Pool() {
    stop_.store(true);
    state_.fetch_add(kNextJob);
    state_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  void Run(int64_t count, absl::FunctionRef<void(int64_t)> body) {
    body_ = &body;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    // Closed and empty before; the number wraps, and who sleeps that long only misses a job.
    const uint32_t open = (state_.load(std::memory_order_relaxed) | kClosed) + kNextJob - kClosed;
    state_.store(open, std::memory_order_release);
    state_.notify_all();
    Work();
    uint32_t state = state_.fetch_or(kClosed, std::memory_order_acq_rel) | kClosed;
    for (int spin = 0; (state & kActive) != 0; ++spin) {
      if (spin < kSpins) {
        _mm_pause();
      } else {
        state_.wait(state, std::memory_order_acquire);
      }
      state = state_.load(std::memory_order_acquire);
    }
  }

 private:
  static constexpr uint32_t kActive = 0xfff;  // workers in the job
  static constexpr uint32_t kClosed = 0x1000;
  static constexpr uint32_t kNextJob = 0x2000;

  static uint32_t JobNumber(uint32_t state) { return state / kNextJob; }

  void Work() {
    inside_parallel_for = true;
    for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) (*body_)(i);
    inside_parallel_for = false;
  }

  // Returns the state once there is a job other than `seen`.
  uint32_t AwaitJob(uint32_t seen) {
    uint32_t state = state_.load(std::memory_order_acquire);
    for (int spin = 0; JobNumber(state) == seen; ++spin) {
      if (spin < kSpins) {
        _mm_pause();
      } else {
        state_.wait(state, std::memory_order_acquire);
      }
      state = state_.load(std::memory_order_acquire);
    }
    return state;
  }

  void WorkerLoop() {
    uint32_t seen = 0;
    while (true) {
      uint32_t state = AwaitJob(seen);
      if (stop_.load(std::memory_order_acquire)) return;
      seen = JobNumber(state);
      bool joined = false;
      while (!joined && JobNumber(state) == seen && (state & kClosed) == 0) {
        joined = state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel);
      }
      if (!joined) continue;
      Work();
      if ((state_.fetch_sub(1, std::memory_order_acq_rel) & (kClosed | kActive)) == (kClosed | 1)) {
        state_.notify_all();
      }
    }
  }

  std::vector<std::thread> threads_;
  std::atomic<uint32_t> state_{kClosed};
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> next_{0};
  int64_t count_ = 0;
  absl::FunctionRef<void(int64_t)>* body_ = nullptr;
};

std::mutex pool_mutex;  // guards the two below, and serialises callers
int wanted_threads = 0;
std::unique_ptr<Pool> pool;

}  // namespace

void SetNumThreads(int num_threads) {
  std::lock_guard lock(pool_mutex);
  wanted_threads = num_threads;
  pool.reset();
}

int NumThreads() {
  if (inside_parallel_for) return 1;
  std::lock_guard lock(pool_mutex);
  return wanted_threads > 0 ? wanted_threads : NumCores();
}

void ParallelFor(int64_t count, absl::FunctionRef<void(int64_t)> body) {
  if (count <= 0) return;
  if (count == 1 || inside_parallel_for) {
    for (int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  std::lock_guard lock(pool_mutex);
  if (pool == nullptr) {
    pool = std::make_unique<Pool>(wanted_threads > 0 ? wanted_threads : NumCores());
  }
  pool->Run(count, body);
}

SerialSection::SerialSection() : was_inside_(inside_parallel_for) { inside_parallel_for = true; }

SerialSection::~SerialSection() { inside_parallel_for = was_inside_; }

void ParallelForBlocks(int64_t count, int64_t block,
                       absl::FunctionRef<void(int64_t, int64_t)> body) {
  ParallelFor((count + block - 1) / block,
              [&](int64_t i) { body(i * block, std::min(count, (i + 1) * block)); });
}

}  // namespace hone
