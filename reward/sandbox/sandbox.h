// Runs programs of unknown intent, and says what they wrote and how they ended.
// Thread safety: all functions may be called from any thread; they block while a program runs.
#ifndef HONE_REWARD_SANDBOX_SANDBOX_H_
#define HONE_REWARD_SANDBOX_SANDBOX_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/descriptor.h"
#include "base/status.h"
#include "reward/sandbox/cell_pool.h"

namespace hone {

struct Limits {
  int cpu_seconds = 5;        // of all threads together; decides
  double wall_seconds = 60;   // a backstop for programs that wait without computing
  uint64_t memory_bytes = 0;  // address space
  uint64_t output_bytes = 0;  // of stdout, stderr and each file
};

enum class Ending {
  kFinished,       // with exit code 0
  kFailed,         // another exit code, or a signal
  kOutOfTime,      // CPU time
  kWaitedTooLong,  // wall-clock time
  kTooMuchOutput,
};

struct Execution {
  Ending ending = Ending::kFailed;
  std::string output;  // stdout; of a call its result, as JSON
  std::string how;  // unless finished: how it ended, in words, with stderr's last line, any bytes
  double cpu_seconds = 0;
  double wall_seconds = 0;  // without the wait for a sandbox
};

// A program that can be run many times: source for Python, an executable for the native kind.
struct Program {
  Descriptor file;
};

class Sandbox {
 public:
  // FailedPrecondition: the machine cannot make one; says what is missing and how to get it.
  static StatusOr<Sandbox> Make(CellKind kind);

  // Python: the source as it is.
  StatusOr<Program> Load(absl::string_view source) const;
  // Native: g++ within a sandbox. An Execution in place of a Program when the source is at fault;
  // its `how` has the compiler's first error.
  StatusOr<std::pair<Program, Execution>> Compile(absl::string_view source) const;

  // Errors are the sandbox's own: DeadlineExceeded if none was free in time, Internal if it broke
  // twice. `call`: stdin is {"function": name, "arguments": […]} (Python alone).
  StatusOr<Execution> Run(const Program& program, bool call, absl::string_view input,
                          const Limits& limits) const;

 private:
  explicit Sandbox(std::shared_ptr<CellPool> pool) : pool_(std::move(pool)) {}
  StatusOr<Execution> RunJob(const sandbox::Job& job, int program, absl::string_view input,
                             double wall_seconds, Descriptor* made) const;
  StatusOr<Execution> TryJob(const sandbox::Job& job, int program, absl::string_view input,
                             double wall_seconds, Descriptor* made) const;

  std::shared_ptr<CellPool> pool_;
};

}  // namespace hone

#endif  // HONE_REWARD_SANDBOX_SANDBOX_H_
