#include "kernels/parallel.h"

#include <immintrin.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace hone {
namespace {

// About 20 µs: longer than the pause between two kernels of a decode step, short enough not to
// disturb the other processes of a run, which share the cores.
constexpr int kSpins = 1000;

thread_local bool inside_parallel_for = false;

// Workers wait for `epoch_` to change: first spinning, then asleep in the kernel.
// Invariant: a worker touches the job only between its `arrived_` and `running_` accounting, and
// Run() returns only when `running_` is back to 0.
class Pool {
 public:
  explicit Pool(int num_threads) {
    for (int i = 1; i < num_threads; ++i) threads_.emplace_back([this] { WorkerLoop(); });
  }

  ~Pool() {
    stop_.store(true);
    epoch_.fetch_add(1);
    epoch_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  void Run(int64_t count, absl::FunctionRef<void(int64_t)> body) {
    body_ = &body;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    running_.store(static_cast<int>(threads_.size()), std::memory_order_relaxed);
    epoch_.fetch_add(1, std::memory_order_release);
    epoch_.notify_all();
    Work();
    int running;
    for (int spin = 0; (running = running_.load(std::memory_order_acquire)) != 0; ++spin) {
      if (spin < kSpins) {
        _mm_pause();
      } else {
        running_.wait(running, std::memory_order_acquire);
      }
    }
  }

 private:
  void Work() {
    inside_parallel_for = true;
    for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) (*body_)(i);
    inside_parallel_for = false;
  }

  void WorkerLoop() {
    uint32_t seen = 0;
    while (true) {
      for (int spin = 0; epoch_.load(std::memory_order_acquire) == seen; ++spin) {
        if (spin < kSpins) {
          _mm_pause();
        } else {
          epoch_.wait(seen, std::memory_order_acquire);
        }
      }
      ++seen;
      if (stop_.load(std::memory_order_acquire)) return;
      Work();
      if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
    }
  }

  std::vector<std::thread> threads_;
  std::atomic<uint32_t> epoch_{0};
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> next_{0};
  std::atomic<int> running_{0};
  int64_t count_ = 0;
  absl::FunctionRef<void(int64_t)>* body_ = nullptr;
};

std::mutex pool_mutex;  // guards the two below, and serialises callers
int wanted_threads = 0;
std::unique_ptr<Pool> pool;

int AvailableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

void SetNumThreads(int num_threads) {
  std::lock_guard lock(pool_mutex);
  wanted_threads = num_threads;
  pool.reset();
}

int NumThreads() {
  std::lock_guard lock(pool_mutex);
  return wanted_threads > 0 ? wanted_threads : AvailableCores();
}

void ParallelFor(int64_t count, absl::FunctionRef<void(int64_t)> body) {
  if (count <= 0) return;
  if (count == 1 || inside_parallel_for) {
    for (int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  std::lock_guard lock(pool_mutex);
  if (pool == nullptr) {
    pool = std::make_unique<Pool>(wanted_threads > 0 ? wanted_threads : AvailableCores());
  }
  pool->Run(count, body);
}

void ParallelForBlocks(int64_t count, int64_t block,
                       absl::FunctionRef<void(int64_t, int64_t)> body) {
  ParallelFor((count + block - 1) / block,
              [&](int64_t i) { body(i * block, std::min(count, (i + 1) * block)); });
}

}  // namespace hone
