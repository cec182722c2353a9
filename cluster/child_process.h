// One child process, tied to this one's life.
// Thread safety: none.
#ifndef HONE_CLUSTER_CHILD_PROCESS_H_
#define HONE_CLUSTER_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace hone {

struct ProcessSpec {
  std::vector<std::string> argv = {};  // argv[0] is the program's path
  std::vector<std::pair<std::string, std::string>> environment = {};  // on top of ours
  int stdin_fd = -1;          // its stdin, of the caller's; -1: /dev/null
  std::string log_path = {};  // stdout and stderr are appended to it; empty: ours are used
};

struct ProcessExit {
  int exit_code = 0;      // when not killed by a signal
  int signal_number = 0;  // 0: exited by itself; else what ended it, or what it had started

  bool clean() const { return signal_number == 0 && exit_code == 0; }
};

// "exited with 3", "was killed by signal 9 (Killed)".
std::string Describe(const ProcessExit& exit);

class ChildProcess {
 public:
  // Starts the program in a process group of its own, so that a terminal's Ctrl-C reaches only us.
  // An error when it cannot be started, naming it. The kernel kills it when the calling thread
  // ends, however that comes about.
  static StatusOr<std::unique_ptr<ChildProcess>> Start(const ProcessSpec& spec);
  ~ChildProcess();  // kills its whole group, if still there, and reaps it

  // Becomes readable (poll) when the process has ended.
  int fd() const { return pidfd_; }
  pid_t pid() const { return pid_; }

  // How it ended, if it did. Never blocks. Once it has answered, the process is gone.
  std::optional<ProcessExit> TakeExit();
  void Signal(int signal_number) const;

 private:
  ChildProcess(pid_t pid, int pidfd) : pid_(pid), pidfd_(pidfd) {}

  pid_t pid_;
  int pidfd_;
  bool reaped_ = false;
};

}  // namespace hone

#endif  // HONE_CLUSTER_CHILD_PROCESS_H_
