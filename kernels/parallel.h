// The one thread pool of a process. Kernels split their output over it: every element is computed
// by one thread in one order, so results do not depend on the number of threads.
// Thread safety: ParallelFor may be called from one thread at a time; others wait their turn.
#ifndef HONE_KERNELS_PARALLEL_H_
#define HONE_KERNELS_PARALLEL_H_

#include <cstdint>

#include "absl/functional/function_ref.h"

namespace hone {

// 0: one thread for each core the process may use. Takes effect at the next ParallelFor; must not
// be called while one runs.
void SetNumThreads(int num_threads);

// How many threads a ParallelFor called here would use: 1 where it would run serially.
int NumThreads();

// Calls body(i) once for each i in [0, count), on any thread of the pool; returns when all are
// done. A call from inside a body runs serially.
void ParallelFor(int64_t count, absl::FunctionRef<void(int64_t)> body);

// The same over blocks: body(begin, end) covers [0, count) in blocks of `block` (the last may be
// shorter). Where the blocks lie does not depend on the number of threads.
void ParallelForBlocks(int64_t count, int64_t block,
                       absl::FunctionRef<void(int64_t, int64_t)> body);

// While it lives, ParallelFor runs serially when this thread calls it: for work beside the kernels
// of another thread, which it must not hold up.
class SerialSection {
 public:
  SerialSection();
  ~SerialSection();
  SerialSection(const SerialSection&) = delete;
  SerialSection& operator=(const SerialSection&) = delete;

 private:
  bool was_inside_;
};

}  // namespace hone

#endif  // HONE_KERNELS_PARALLEL_H_
