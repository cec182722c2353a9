#include "reward/sandbox/cell_pool.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/base/const_init.h"
#include "absl/strings/str_cat.h"
#include "base/cores.h"
#include "base/file.h"
#include "reward/sandbox/memory_file.h"

namespace hone {
namespace {

ABSL_CONST_INIT absl::Mutex shared_mutex(absl::kConstInit);

// One for each kind; empty when nobody holds it.
std::weak_ptr<CellPool>& SharedSlot(CellKind kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_mutex) {
  static std::weak_ptr<CellPool> slots[2];
  return slots[kind == CellKind::kPython ? 0 : 1];
}

// A job that every machine's cell must do: programs that do nothing and end well.
Status TryOut(CellKind kind, Cell* cell) {
  std::string program = "pass";
  if (kind == CellKind::kNative) {
    HONE_ASSIGN_OR_RETURN(program, ReadFile("/usr/bin/true"));
  }
  HONE_ASSIGN_OR_RETURN(const Descriptor file, SealedMemoryFile(program));
  HONE_ASSIGN_OR_RETURN(const Descriptor input, SealedMemoryFile(""));
  HONE_ASSIGN_OR_RETURN(const Descriptor output, EmptyMemoryFile());
  HONE_ASSIGN_OR_RETURN(const Descriptor errors, EmptyMemoryFile());
  const sandbox::Job job = {.cpu_seconds = 10, .memory_bytes = 1 << 30, .output_bytes = 1 << 20};
  const StatusOr<sandbox::JobReply> reply =
      cell->Run(job, {file.get(), input.get(), output.get(), errors.get()}, 30);
  if (reply.ok() && reply->wait_status == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "this machine's sandbox runs no program: ",
      reply.ok() ? absl::StrCat("an empty one ended with wait status ", reply->wait_status)
                 : std::string(reply.status().message()),
      "; Linux 5.14 or later is needed, with seccomp filters"));
}

}  // namespace

StatusOr<std::unique_ptr<CellPool>> CellPool::Make(CellKind kind, int max_cells) {
  std::unique_ptr<CellPool> pool(new CellPool(kind, max_cells));
  HONE_ASSIGN_OR_RETURN(std::unique_ptr<Cell> first, pool->Take(absl::ZeroDuration()));
  const Status status = TryOut(kind, first.get());
  pool->Return(std::move(first));
  if (!status.ok()) return status;
  return pool;
}

StatusOr<std::shared_ptr<CellPool>> CellPool::Shared(CellKind kind) {
  const absl::MutexLock lock(&shared_mutex);
  std::weak_ptr<CellPool>& slot = SharedSlot(kind);
  std::shared_ptr<CellPool> pool = slot.lock();
  if (pool == nullptr) {
    HONE_ASSIGN_OR_RETURN(pool, Make(kind, NumCores()));
    slot = pool;
  }
  return pool;
}

StatusOr<std::unique_ptr<Cell>> CellPool::Take(absl::Duration timeout) {
  {
    const absl::MutexLock lock(&mutex_);
    if (!mutex_.AwaitWithTimeout(absl::Condition(this, &CellPool::HasRoom), timeout)) {
      return absl::DeadlineExceededError(absl::StrCat(
          "all ", max_cells_, " sandboxes were busy for ", absl::FormatDuration(timeout)));
    }
    ++num_out_;
    if (!idle_.empty()) {
      std::unique_ptr<Cell> cell = std::move(idle_.back());
      idle_.pop_back();
      return cell;
    }
  }
  StatusOr<std::unique_ptr<Cell>> cell = Cell::Start(kind_);
  if (!cell.ok()) Return(nullptr);
  return cell;
}

void CellPool::Return(std::unique_ptr<Cell> cell) {
  if (cell != nullptr && cell->used_up()) cell = nullptr;  // ends it, outside of the lock
  const absl::MutexLock lock(&mutex_);
  --num_out_;
  if (cell != nullptr) idle_.push_back(std::move(cell));
}

}  // namespace hone
