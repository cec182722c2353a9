// Cells that wait for jobs, so that a job does not wait for a cell: at most one for each core that
// this process may use.
// Thread safety: all functions may be called from any thread.
// Invariants: num_out_ cells are with callers; num_out_ + idle_.size() ≤ max_cells_; no idle cell
// is used up.
#ifndef HONE_REWARD_SANDBOX_CELL_POOL_H_
#define HONE_REWARD_SANDBOX_CELL_POOL_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "reward/sandbox/cell.h"

namespace hone {

class CellPool {
 public:
  // Starts one cell and lets it do a job, to know that the machine can; FailedPrecondition as
  // Cell::Start.
  static StatusOr<std::unique_ptr<CellPool>> Make(CellKind kind, int max_cells);
  // The pool that all of this process share, for as long as someone holds it.
  static StatusOr<std::shared_ptr<CellPool>> Shared(CellKind kind);

  // A cell that is nobody else's. Waits for `timeout` at most, then DeadlineExceeded.
  StatusOr<std::unique_ptr<Cell>> Take(absl::Duration timeout);
  // Each cell that was taken comes back; null if it is gone. One that is used up ends here.
  void Return(std::unique_ptr<Cell> cell);

 private:
  CellPool(CellKind kind, int max_cells) : kind_(kind), max_cells_(max_cells) {}
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return num_out_ < max_cells_; }

  const CellKind kind_;
  const int max_cells_;
  absl::Mutex mutex_;
  int num_out_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Cell>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hone

#endif  // HONE_REWARD_SANDBOX_CELL_POOL_H_
