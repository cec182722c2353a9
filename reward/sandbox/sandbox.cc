#include "reward/sandbox/sandbox.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "config/verifier_spec.h"
#include "reward/sandbox/memory_file.h"

namespace hone {
namespace {

// Who waits has others before him, each of whom has a bounded job.
constexpr absl::Duration kMaxWaitForCell = absl::Minutes(5);
constexpr uint64_t kErrorBytes = 4096;  // of stderr, its end
constexpr Limits kCompilerLimits = {.cpu_seconds = CodeSpec::kCompileSeconds,
                                    .wall_seconds = 120,
                                    .memory_bytes = uint64_t{2} << 30,
                                    .output_bytes = sandbox::kScratchBytes};

std::string LastLine(absl::string_view text) {
  text = absl::StripTrailingAsciiWhitespace(text);
  const size_t line = text.rfind('\n');
  return std::string(line == absl::string_view::npos ? text : text.substr(line + 1));
}

std::string HowItEnded(int status, absl::string_view errors) {
  std::string how = WIFSIGNALED(status) ? absl::StrCat("ended by signal ", WTERMSIG(status), " (",
                                                       strsignal(WTERMSIG(status)), ")")
                                        : absl::StrCat("exit code ", WEXITSTATUS(status));
  const std::string last = LastLine(errors);
  if (!last.empty()) absl::StrAppend(&how, ": ", last);
  return how;
}

// The kernel ends a job at its limit. A thread that ends with it may miss in the sum of what was
// used.
bool ExhaustedTime(const sandbox::Job& job, const sandbox::JobReply& reply) {
  constexpr double kNearly = 0.9;
  const double used = static_cast<double>(reply.cpu_microseconds) * 1e-6;
  const bool killed = WIFSIGNALED(reply.wait_status) && WTERMSIG(reply.wait_status) == SIGKILL;
  return used >= job.cpu_seconds * (killed ? kNearly : 1.0);
}

// The compiler's first line with an error, else its last line.
std::string CompilerError(absl::string_view errors) {
  for (const absl::string_view line : absl::StrSplit(errors, '\n')) {
    if (absl::StrContains(line, "error:")) return std::string(line);
  }
  return LastLine(errors);
}

}  // namespace

StatusOr<Sandbox> Sandbox::Make(CellKind kind) {
  if (kind == CellKind::kNative && access(sandbox::kCompiler, X_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("programs in C++ need ", sandbox::kCompiler, ": apt install g++"));
  }
  HONE_ASSIGN_OR_RETURN(std::shared_ptr<CellPool> pool, CellPool::Shared(kind));
  return Sandbox(std::move(pool));
}

StatusOr<Program> Sandbox::Load(absl::string_view source) const {
  HONE_ASSIGN_OR_RETURN(Descriptor file, SealedMemoryFile(source));
  return Program{std::move(file)};
}

StatusOr<std::pair<Program, Execution>> Sandbox::Compile(absl::string_view source) const {
  HONE_ASSIGN_OR_RETURN(const Descriptor file, SealedMemoryFile(source));
  Descriptor made;
  HONE_ASSIGN_OR_RETURN(Execution execution,
                        RunJob({.kind = sandbox::JobKind::kCompile,
                                .cpu_seconds = static_cast<uint32_t>(kCompilerLimits.cpu_seconds),
                                .memory_bytes = kCompilerLimits.memory_bytes,
                                .output_bytes = kCompilerLimits.output_bytes},
                               file.get(), "", kCompilerLimits.wall_seconds, &made));
  Program program;
  if (execution.ending == Ending::kFinished) {
    if (!made.is_open()) return absl::InternalError("the compiler made no program");
    // A copy, since the original holds the folder of a cell that is gone.
    HONE_ASSIGN_OR_RETURN(const std::string bytes,
                          ReadMemoryFile(made.get(), sandbox::kScratchBytes));
    HONE_ASSIGN_OR_RETURN(program.file, SealedMemoryFile(bytes));
  }
  return std::pair(std::move(program), std::move(execution));
}

StatusOr<Execution> Sandbox::Run(const Program& program, bool call, absl::string_view input,
                                 const Limits& limits) const {
  return RunJob({.kind = call ? sandbox::JobKind::kCall : sandbox::JobKind::kRun,
                 .cpu_seconds = static_cast<uint32_t>(limits.cpu_seconds),
                 .memory_bytes = limits.memory_bytes,
                 .output_bytes = limits.output_bytes},
                program.file.get(), input, limits.wall_seconds, nullptr);
}

StatusOr<Execution> Sandbox::RunJob(const sandbox::Job& job, int program, absl::string_view input,
                                    double wall_seconds, Descriptor* made) const {
  // A cell may have been ended from outside, e.g. for lack of memory: once more in another.
  StatusOr<Execution> execution = TryJob(job, program, input, wall_seconds, made);
  if (execution.ok() || absl::IsDeadlineExceeded(execution.status())) return execution;
  return TryJob(job, program, input, wall_seconds, made);
}

StatusOr<Execution> Sandbox::TryJob(const sandbox::Job& job, int program, absl::string_view input,
                                    double wall_seconds, Descriptor* made) const {
  HONE_ASSIGN_OR_RETURN(const Descriptor in, SealedMemoryFile(input));
  HONE_ASSIGN_OR_RETURN(const Descriptor out, EmptyMemoryFile());
  HONE_ASSIGN_OR_RETURN(const Descriptor errors, EmptyMemoryFile());
  // One byte more than allowed may be written, so that too much can be told from just enough.
  sandbox::Job sent = job;
  ++sent.output_bytes;
  HONE_ASSIGN_OR_RETURN(std::unique_ptr<Cell> cell, pool_->Take(kMaxWaitForCell));
  const absl::Time begin = RealClock()->Now();
  const StatusOr<sandbox::JobReply> reply =
      cell->Run(sent, {program, in.get(), out.get(), errors.get()}, wall_seconds, made);
  Execution execution;
  execution.wall_seconds = absl::ToDoubleSeconds(RealClock()->Now() - begin);
  pool_->Return(std::move(cell));
  if (absl::IsDeadlineExceeded(reply.status())) {
    execution.ending = Ending::kWaitedTooLong;
    execution.how = absl::StrCat("not done after ", wall_seconds, " s of wall-clock time");
    return execution;
  }
  if (!reply.ok()) return reply.status();
  execution.cpu_seconds = static_cast<double>(reply->cpu_microseconds) * 1e-6;
  HONE_ASSIGN_OR_RETURN(const uint64_t written, MemoryFileBytes(out.get()));
  HONE_ASSIGN_OR_RETURN(const uint64_t complained, MemoryFileBytes(errors.get()));
  if (ExhaustedTime(job, *reply)) {
    execution.ending = Ending::kOutOfTime;
    execution.how = absl::StrCat("out of time, ", job.cpu_seconds, " s of CPU");
  } else if (written > job.output_bytes || complained > job.output_bytes) {
    execution.ending = Ending::kTooMuchOutput;
    execution.how = absl::StrCat("wrote more than ", job.output_bytes, " bytes");
  } else if (reply->wait_status != 0) {
    execution.ending = Ending::kFailed;
    HONE_ASSIGN_OR_RETURN(const std::string text, ReadMemoryFile(errors.get(), kErrorBytes));
    execution.how = made != nullptr ? CompilerError(text) : HowItEnded(reply->wait_status, text);
  } else {
    execution.ending = Ending::kFinished;
    HONE_ASSIGN_OR_RETURN(execution.output, ReadMemoryFile(out.get(), job.output_bytes));
  }
  return execution;
}

}  // namespace hone
