// What Hone and a cell say to each other, over one unix socket that keeps messages apart
// (SOCK_SEQPACKET). The cell begins: "R" when it is ready, or "E" and a sentence when it cannot be
// made, after which it ends. Then, for each job: Hone sends a Job with four descriptors (program,
// stdin, stdout, stderr, in this order); the cell answers with one JobReply, to which a compilation
// that went well attaches one descriptor, the program made. zygote.py reads and writes the same
// layout: little-endian, no padding.
#ifndef HONE_REWARD_SANDBOX_PROTOCOL_H_
#define HONE_REWARD_SANDBOX_PROTOCOL_H_

#include <cstdint>

namespace hone::sandbox {

enum class JobKind : uint32_t {
  kRun = 0,      // the program reads stdin and writes stdout
  kCall = 1,     // Python: stdin names a function and its arguments, stdout takes its result
  kCompile = 2,  // native: the program is C++ source
};

struct Job {
  JobKind kind = JobKind::kRun;
  uint32_t cpu_seconds = 1;
  uint64_t memory_bytes = 0;  // address space of the process
  uint64_t output_bytes = 0;  // of each file it writes
};
static_assert(sizeof(Job) == 24);

struct JobReply {
  int32_t wait_status = 0;  // as wait(2) gives it
  uint32_t dirty = 0;       // 1: the job left something in the cell's /tmp
  uint64_t cpu_microseconds = 0;
};
static_assert(sizeof(JobReply) == 16);

inline constexpr int kNumJobFds = 4;
inline constexpr int kMaxMessageBytes = 512;

// What a cell starts.
inline constexpr char kPython[] = "/usr/bin/python3";
inline constexpr char kCompiler[] = "/usr/bin/g++";

// Descriptors that the helper program is started with.
inline constexpr int kLifeFd = 0;  // a socket: when its other end closes, the cell must end
inline constexpr int kControlFd = 3;

// One job is one process: it cannot fork. Its threads, and the processes of a compilation, are
// bounded by this.
inline constexpr int kMaxThreads = 32;
inline constexpr int kMaxOpenFiles = 64;
inline constexpr uint64_t kScratchBytes = 64 << 20;  // of the cell's /tmp
inline constexpr uint64_t kScratchFiles = 1024;

}  // namespace hone::sandbox

#endif  // HONE_REWARD_SANDBOX_PROTOCOL_H_
