#include "reward/sandbox/cell/syscall_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "reward/sandbox/cell/report.h"

namespace hone::sandbox {
namespace {

constexpr int kAllowed[] = {
    // files
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
    SYS_preadv2, SYS_pwritev2, SYS_open, SYS_openat, SYS_close, SYS_close_range, SYS_stat,
    SYS_fstat, SYS_lstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_lseek, SYS_access,
    SYS_faccessat, SYS_faccessat2, SYS_dup, SYS_dup2, SYS_dup3, SYS_getcwd, SYS_chdir, SYS_fchdir,
    SYS_mkdir, SYS_mkdirat, SYS_rmdir, SYS_unlink, SYS_unlinkat, SYS_rename, SYS_renameat,
    SYS_renameat2, SYS_link, SYS_linkat, SYS_symlink, SYS_symlinkat, SYS_readlink, SYS_readlinkat,
    SYS_chmod, SYS_fchmod, SYS_fchmodat, SYS_truncate, SYS_ftruncate, SYS_fallocate, SYS_fsync,
    SYS_fdatasync, SYS_utimensat, SYS_flock, SYS_umask, SYS_getdents64, SYS_fadvise64, SYS_sendfile,
    SYS_copy_file_range,
    // pipes and waiting
    SYS_pipe, SYS_pipe2, SYS_select, SYS_pselect6, SYS_poll, SYS_ppoll, SYS_epoll_create,
    SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2,
    SYS_eventfd2, SYS_sendto, SYS_recvfrom, SYS_shutdown, SYS_getsockname, SYS_nanosleep,
    SYS_clock_nanosleep, SYS_alarm, SYS_pause, SYS_setitimer, SYS_getitimer,
    // memory
    SYS_mmap, SYS_mprotect, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_msync, SYS_mincore,
    SYS_get_mempolicy, SYS_membarrier,
    // threads, signals to itself, its own end
    SYS_futex, SYS_sched_yield, SYS_sched_getaffinity, SYS_set_tid_address, SYS_set_robust_list,
    SYS_get_robust_list, SYS_rseq, SYS_arch_prctl, SYS_rt_sigaction, SYS_rt_sigprocmask,
    SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_sigaltstack,
    SYS_restart_syscall, SYS_kill, SYS_tkill, SYS_tgkill, SYS_wait4, SYS_waitid, SYS_execve,
    SYS_execveat, SYS_exit, SYS_exit_group,
    // questions about itself and the time
    SYS_getpid, SYS_gettid, SYS_getppid, SYS_getpgrp, SYS_getpgid, SYS_getsid, SYS_getuid,
    SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getresuid, SYS_getresgid, SYS_getgroups, SYS_uname,
    SYS_sysinfo, SYS_getrusage, SYS_times, SYS_time, SYS_gettimeofday, SYS_clock_gettime,
    SYS_clock_getres, SYS_getrandom, SYS_getcpu, SYS_getrlimit, SYS_setrlimit};

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;

constexpr uint32_t kNumberAt = offsetof(seccomp_data, nr);
constexpr uint32_t kArchAt = offsetof(seccomp_data, arch);
// The lower half of an argument: where the upper one could matter, the kernel ignores it too.
constexpr uint32_t ArgumentAt(int i) { return offsetof(seccomp_data, args) + 8 * i; }

class Builder {
 public:
  explicit Builder(sock_filter* out) : out_(out) {}

  void Load(uint32_t offset) { Add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }
  void Return(uint32_t verdict) { Add(BPF_RET | BPF_K, 0, 0, verdict); }
  void ReturnIf(uint32_t value, uint32_t verdict) {
    Add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
    Return(verdict);
  }
  void ReturnUnless(uint32_t value, uint32_t verdict) {
    Add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value);
    Return(verdict);
  }
  // `call` is allowed with one of these values, else refused. Leaves the number loaded.
  void AllowWith(int call, int argument, std::initializer_list<uint32_t> values) {
    const uint8_t skipped = static_cast<uint8_t>(2 + 2 * values.size());
    Add(BPF_JMP | BPF_JEQ | BPF_K, 0, skipped, static_cast<uint32_t>(call));
    Load(ArgumentAt(argument));
    for (const uint32_t value : values) ReturnIf(value, kAllow);
    Return(kRefuse);
  }
  // clone makes threads alone: with all of these flags.
  void AllowThreads() {
    Add(BPF_JMP | BPF_JEQ | BPF_K, 0, 5, SYS_clone);
    Load(ArgumentAt(0));
    Add(BPF_ALU | BPF_AND | BPF_K, 0, 0, CLONE_THREAD);
    ReturnIf(CLONE_THREAD, kAllow);
    Return(kRefuse);
  }
  int length() const { return length_; }

 private:
  void Add(int code, uint8_t when_true, uint8_t when_false, uint32_t k) {
    if (length_ == kMaxFilterLength) Refuse("the system call filter is too long");
    out_[length_++] = {static_cast<uint16_t>(code), when_true, when_false, k};
  }

  sock_filter* out_;
  int length_ = 0;
};

}  // namespace

int MakeSyscallFilter(bool may_fork, sock_filter (&filter)[kMaxFilterLength]) {
  Builder to(filter);
  to.Load(kArchAt);
  to.ReturnUnless(AUDIT_ARCH_X86_64, SECCOMP_RET_KILL_PROCESS);
  to.Load(kNumberAt);  // x32 calls have numbers of their own, which are not listed
  if (may_fork) {
    for (const int call : {SYS_clone, SYS_fork, SYS_vfork}) to.ReturnIf(call, kAllow);
  } else {
    to.AllowThreads();
  }
  to.ReturnIf(SYS_clone3, kUnknown);  // its flags lie in memory; the C library falls back to clone
  for (const int call : kAllowed) to.ReturnIf(call, kAllow);
  to.AllowWith(SYS_socketpair, 0, {AF_UNIX});
  to.AllowWith(SYS_prlimit64, 0, {0});  // of itself
  to.AllowWith(SYS_prctl, 0, {PR_SET_NAME, PR_GET_NAME});
  to.AllowWith(SYS_ioctl, 1, {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX});
  to.AllowWith(SYS_fcntl, 1,
               {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK,
                F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW});
  to.Return(kRefuse);
  return to.length();
}

void InstallSyscallFilter(const sock_filter* filter, int length) {
  const sock_fprog program = {static_cast<uint16_t>(length), const_cast<sock_filter*>(filter)};
  Demand(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "installing the seccomp filter");
}

}  // namespace hone::sandbox
