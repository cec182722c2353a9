// One sandbox: a few processes in namespaces of their own, of which the first does jobs one after
// another. What holds a job back:
//
//   user namespace      nobody to the machine; no capabilities, and none can be gained
//   pid namespace       sees and reaches no process but its own; all end with the first
//   network, IPC, UTS   empty
//   mount namespace     a read-only root (cell/root_folder.h); 64 MiB of /tmp; no /proc
//   Landlock            no writing outside /tmp, where the kernel has it
//   seccomp             a list of allowed system calls; no new process (cell/syscall_filter.h)
//   limits              CPU time, address space, bytes of each file, threads, open files
//
// Memory needs no cgroup: a job is one process, so its address space, its open files and /tmp bound
// what it can take. A job that changed anything in /tmp makes its cell `used up`: the next job gets
// another cell.
// Thread safety: none; a cell belongs to one thread at a time.
#ifndef HONE_REWARD_SANDBOX_CELL_H_
#define HONE_REWARD_SANDBOX_CELL_H_

#include <sys/types.h>

#include <memory>

#include "base/descriptor.h"
#include "base/status.h"
#include "reward/sandbox/protocol.h"

namespace hone {

enum class CellKind { kPython, kNative };

// Open descriptors of the caller's.
struct JobFiles {
  int program = -1, input = -1, output = -1, errors = -1;
};

class Cell {
 public:
  // Blocks until the cell is ready, 30 s at most. FailedPrecondition: the machine cannot make one;
  // says what it lacks and how to get it.
  static StatusOr<std::unique_ptr<Cell>> Start(CellKind kind);
  // Ends every process of the cell, and waits for that.
  ~Cell();
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;

  // Blocks until the job has ended. DeadlineExceeded after `wall_seconds`; Internal if the cell
  // itself broke. After either, and after a job that made it dirty, the cell is used up.
  // `made` takes what a compilation made.
  StatusOr<sandbox::JobReply> Run(const sandbox::Job& job, const JobFiles& files,
                                  double wall_seconds, Descriptor* made = nullptr);
  bool used_up() const { return used_up_; }

 private:
  Cell() = default;
  Status WaitUntilReady(CellKind kind);

  pid_t helper_ = -1;
  Descriptor life_, control_;
  bool used_up_ = false;
};

}  // namespace hone

#endif  // HONE_REWARD_SANDBOX_CELL_H_
