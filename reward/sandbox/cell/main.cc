// The helper program that holds one cell. It stands outside of it: it makes the namespaces, waits
// for the cell to end, and ends it when Hone closes its socket or dies. The cell's first process,
// with which the kernel ends all others, is either a Python that forks for each job (zygote.py) or,
// for native programs, this program itself (runner.h).
//
// usage: cell python|native, with the descriptors of protocol.h. Started by Hone alone.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "reward/sandbox/cell/lockdown.h"
#include "reward/sandbox/cell/report.h"
#include "reward/sandbox/cell/root_folder.h"
#include "reward/sandbox/cell/runner.h"
#include "reward/sandbox/cell/syscall_filter.h"
#include "reward/sandbox/protocol.h"

namespace hone::sandbox {
namespace {

__asm__(
    ".section .rodata\n"
    "kHoneZygoteSource:\n"
    ".incbin \"" HONE_ZYGOTE_PATH
    "\"\n"
    ".byte 0\n"
    ".previous\n");
extern "C" const char kHoneZygoteSource[];

constexpr int kUserInside = 1000;
constexpr int kNobody = 65534;
constexpr uint64_t kPythonStackBytes = 64 << 20;   // also of each of its threads
constexpr uint64_t kNativeStackBytes = 512 << 20;  // deep recursion is ordinary there

constexpr unsigned long kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                      CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

bool WriteFile(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text, strlen(text)) == static_cast<ssize_t>(strlen(text));
  const int error = errno;
  close(fd);
  errno = error;
  return written;
}

bool WriteMap(pid_t child, const char* file, int inside, int outside) {
  char path[64], text[64];
  snprintf(path, sizeof(path), "/proc/%d/%s", child, file);
  snprintf(text, sizeof(text), "%d %d 1\n", inside, outside);
  return WriteFile(path, text);
}

// Whether root here is root of the machine, rather than some user's in a namespace of his own.
bool IsMachineRoot() {
  FILE* map = fopen("/proc/self/uid_map", "re");
  if (map == nullptr) return true;
  unsigned inside = 1, outside = 1, count = 0;
  const bool read = fscanf(map, "%u %u %u", &inside, &outside, &count) == 3;
  fclose(map);
  return !read || outside == 0;
}

// Who the cell is to the rest of the machine. Root becomes nobody: the kernel does not bound root's
// processes, and root's files would be the cell's. In a container that knows no nobody, root is an
// ordinary user of the machine, like everyone who is not root.
void MapUser(pid_t child) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/setgroups", child);
  if (!WriteFile(path, "deny")) Refuse("denying setgroups");
  const bool root = geteuid() == 0;
  if (root && WriteMap(child, "uid_map", kUserInside, kNobody) &&
      WriteMap(child, "gid_map", kUserInside, kNobody)) {
    return;
  }
  if (root && IsMachineRoot()) Refuse("becoming nobody (root needs CAP_SETUID and CAP_SETGID)");
  if (!WriteMap(child, "uid_map", kUserInside, static_cast<int>(geteuid())) ||
      !WriteMap(child, "gid_map", kUserInside, static_cast<int>(getegid()))) {
    Refuse("mapping the user");
  }
}

[[noreturn]] void BecomeZygote() {
  sock_filter filter[kMaxFilterLength];
  const int length = MakeSyscallFilter(/*may_fork=*/false, filter);
  static char hex[kMaxFilterLength * sizeof(sock_filter) * 2 + 1];
  const auto* bytes = reinterpret_cast<const unsigned char*>(filter);
  for (size_t i = 0; i < length * sizeof(sock_filter); ++i) {
    snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
  }
  const char* arguments[] = {kPython, "-s", "-B", "-c", kHoneZygoteSource, hex, nullptr};
  const char* environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8",     "HOME=/tmp",
                               "PYTHONHASHSEED=0",   "MALLOC_ARENA_MAX=2", nullptr};
  execve(kPython, const_cast<char**>(arguments), const_cast<char**>(environment));
  Refuse("starting /usr/bin/python3 (apt install python3)");
}

// The cell's first process. `ready` is a pipe that closes when the user is mapped.
[[noreturn]] void EnterCell(bool python, int ready) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char nothing;
  if (read(ready, &nothing, 1) != 1) _exit(1);
  close(ready);
  close(kLifeFd);
  Demand(setresgid(kUserInside, kUserInside, kUserInside), "taking on the group");
  Demand(setresuid(kUserInside, kUserInside, kUserInside), "taking on the user");
  Demand(prctl(PR_SET_PDEATHSIG, SIGKILL),
         "binding the cell to its helper");  // setresuid cleared it
  EnterRootFolder();
  for (int fd = 0; fd <= 2; ++fd) {
    const int null = open("/dev/null", O_RDWR);
    Demand(null, "opening /dev/null");
    if (null != fd) {
      Demand(dup2(null, fd), "opening /dev/null");
      if (null > 2) close(null);
    }
  }
  LockDown(python ? kPythonStackBytes : kNativeStackBytes);
  if (python) BecomeZygote();
  RunNativeJobs();
  _exit(0);
}

int Hold(bool python) {
  syscall(SYS_close_range, kControlFd + 1, ~0U, 0);
  // If memory runs out, a cell goes before anything else. An unprivileged process may raise it.
  WriteFile("/proc/self/oom_score_adj", "1000");
  // What a judging process may allocate is no limit of the programs that it judges.
  rlimit data;
  Demand(getrlimit(RLIMIT_DATA, &data), "reading a limit");
  data.rlim_cur = data.rlim_max;
  Demand(setrlimit(RLIMIT_DATA, &data), "lifting a limit");
  if (geteuid() == 0) (void)setgroups(0, nullptr);  // no rights through root's groups
  int ready[2];
  Demand(pipe2(ready, O_CLOEXEC), "making a pipe");
  const pid_t cell = static_cast<pid_t>(
      syscall(SYS_clone, kNamespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (cell == 0) {
    close(ready[1]);
    EnterCell(python, ready[0]);
  }
  Demand(cell, "making namespaces");
  close(ready[0]);
  MapUser(cell);
  Demand(write(ready[1], "r", 1), "starting the cell");
  close(ready[1]);
  close(kControlFd);
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, cell, 0));
  pollfd wanted[] = {{kLifeFd, POLLIN, 0}, {pidfd, POLLIN, 0}};
  while (poll(wanted, 2, -1) < 0 && errno == EINTR) continue;
  kill(cell, SIGKILL);
  while (waitpid(cell, nullptr, 0) < 0 && errno == EINTR) continue;
  return 0;
}

}  // namespace
}  // namespace hone::sandbox

int main(int argc, char** argv) {
  return hone::sandbox::Hold(argc > 1 && strcmp(argv[1], "python") == 0);
}
