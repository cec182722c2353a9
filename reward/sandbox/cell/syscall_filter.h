// The system calls that a tested program may make; all others fail with EPERM, without a trace.
#ifndef HONE_REWARD_SANDBOX_CELL_SYSCALL_FILTER_H_
#define HONE_REWARD_SANDBOX_CELL_SYSCALL_FILTER_H_

#include <linux/filter.h>

namespace hone::sandbox {

inline constexpr int kMaxFilterLength = 512;

// An allow-list for x86-64: files, memory, threads, waiting, pipes and socket pairs. No process can
// be made but by `may_fork`, for a compiler and its parts. No sockets, mounts, namespaces, keys,
// tracing, other processes' memory or priorities, shared memory, io_uring, or filters.
// Returns the number of instructions written.
int MakeSyscallFilter(bool may_fork, sock_filter (&filter)[kMaxFilterLength]);

// Binds the calling thread and all that it starts, for ever. Needs no_new_privs.
void InstallSyscallFilter(const sock_filter* filter, int length);

}  // namespace hone::sandbox

#endif  // HONE_REWARD_SANDBOX_CELL_SYSCALL_FILTER_H_
