#include "reward/sandbox/cell/runner.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "reward/sandbox/cell/lockdown.h"
#include "reward/sandbox/cell/report.h"
#include "reward/sandbox/cell/syscall_filter.h"
#include "reward/sandbox/protocol.h"

namespace hone::sandbox {
namespace {

constexpr char kCompiled[] = "/tmp/program";

// A message with room for `Capacity` descriptors.
template <int Capacity>
struct Message {
  iovec part = {};
  alignas(cmsghdr) char control[CMSG_SPACE(Capacity * sizeof(int))] = {};
  msghdr header = {};

  Message(void* data, size_t size) : part{data, size} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
  }
};

// False when Hone has closed the socket.
bool Receive(Job* job, int (&fds)[kNumJobFds]) {
  Message<kNumJobFds> message(job, sizeof(*job));
  const ssize_t size = recvmsg(kControlFd, &message.header, MSG_CMSG_CLOEXEC);
  const cmsghdr* control = CMSG_FIRSTHDR(&message.header);
  if (size != sizeof(*job) || control == nullptr || control->cmsg_len != CMSG_LEN(sizeof(fds))) {
    return false;
  }
  memcpy(fds, CMSG_DATA(control), sizeof(fds));
  return true;
}

bool Reply(JobReply reply, int fd) {
  Message<1> message(&reply, sizeof(reply));
  if (fd < 0) {
    message.header.msg_control = nullptr;
    message.header.msg_controllen = 0;
  } else {
    cmsghdr* control = CMSG_FIRSTHDR(&message.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(control), &fd, sizeof(fd));
  }
  return sendmsg(kControlFd, &message.header, MSG_NOSIGNAL) == sizeof(reply);
}

// Becomes the job. Ends the process if it cannot.
[[noreturn]] void Become(const Job& job, const int (&fds)[kNumJobFds]) {
  const bool compiles = job.kind == JobKind::kCompile;
  const int input = compiles ? fds[0] : fds[1];
  for (const auto& [from, to] : {std::pair(input, 0), {fds[2], 1}, {fds[3], 2}}) {
    if (dup2(from, to) < 0) _exit(127);
  }
  close(kControlFd);
  LimitTo(job);
  sock_filter filter[kMaxFilterLength];
  const int length = MakeSyscallFilter(/*may_fork=*/compiles, filter);
  InstallSyscallFilter(filter, length);
  const char* environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/tmp", nullptr};
  if (compiles) {
    const char* arguments[] = {kCompiler, "-x",      "c++", "-std=gnu++20", "-O2", "-w",
                               "-o",      kCompiled, "-",   nullptr};
    execve(kCompiler, const_cast<char**>(arguments), const_cast<char**>(environment));
  } else {
    const char* arguments[] = {"program", nullptr};
    syscall(SYS_execveat, fds[0], "", arguments, environment, AT_EMPTY_PATH);
  }
  _exit(127);
}

// Nothing that the job started may be left: all but this process, which is the cell's first, end.
void EndAllOthers() {
  kill(-1, SIGKILL);
  while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) continue;
}

timespec LastChange() {
  struct stat info = {};
  Demand(stat("/tmp", &info), "looking at /tmp");
  return info.st_ctim;
}

}  // namespace

void RunNativeJobs() {
  const timespec before = LastChange();
  if (send(kControlFd, "R", 1, MSG_NOSIGNAL) != 1) return;
  Job job;
  int fds[kNumJobFds];
  while (Receive(&job, fds)) {
    const pid_t child = fork();
    Demand(child, "starting a process");
    if (child == 0) Become(job, fds);
    for (const int fd : fds) close(fd);
    JobReply reply;
    rusage usage = {};
    while (wait4(child, &reply.wait_status, 0, &usage) < 0 && errno == EINTR) continue;
    EndAllOthers();
    reply.cpu_microseconds = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000ULL +
                             usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    const timespec after = LastChange();
    reply.dirty = after.tv_sec != before.tv_sec || after.tv_nsec != before.tv_nsec ? 1 : 0;
    int made = -1;
    if (job.kind == JobKind::kCompile && reply.wait_status == 0) {
      made = open(kCompiled, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    const bool told = Reply(reply, made);
    if (made >= 0) close(made);
    if (!told) return;
  }
}

}  // namespace hone::sandbox
