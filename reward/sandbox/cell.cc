#include "reward/sandbox/cell.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reward/sandbox/cell_image.h"
#include "reward/sandbox/memory_file.h"

namespace hone {
namespace {

using std::chrono::steady_clock;

constexpr double kStartSeconds = 30;

// Waits until `fd` can be read. False when the time is over first.
bool WaitReadable(int fd, double seconds) {
  const auto deadline = steady_clock::now() + std::chrono::duration<double>(seconds);
  for (;;) {
    const std::chrono::duration<double, std::milli> left = deadline - steady_clock::now();
    if (left.count() < 0) return false;
    pollfd wanted = {fd, POLLIN, 0};
    if (poll(&wanted, 1, static_cast<int>(std::min(left.count(), 1e9)) + 1) > 0) return true;
  }
}

// Starts the helper with its ends of the two sockets, and nothing else of ours.
StatusOr<pid_t> Spawn(CellKind kind, int life, int control) {
  HONE_ASSIGN_OR_RETURN(const Descriptor image, SealedMemoryFile(CellImage()));
  const std::string path = absl::StrCat("/proc/self/fd/", image.get());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // Both lie above the standard streams' numbers; copies made this way outlive exec.
  posix_spawn_file_actions_adddup2(&actions, life, sandbox::kLifeFd);
  posix_spawn_file_actions_adddup2(&actions, control, sandbox::kControlFd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  // A group of its own: Ctrl-C is for Hone, which ends its cells itself.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string name = "hone-cell", role = kind == CellKind::kPython ? "python" : "native";
  std::array<char*, 3> arguments = {name.data(), role.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, path.c_str(), &actions, &attributes, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return FromErrno(error, "cannot start the sandbox's helper from /proc/self/fd");
  return pid;
}

// What to do about a step that failed.
std::string Advice(absl::string_view failure) {
  if (absl::StrContains(failure, "making namespaces") || absl::StrContains(failure, "mapping")) {
    return "; user namespaces are not allowed here: as root, sysctl "
           "user.max_user_namespaces=10000, kernel.unprivileged_userns_clone=1 and "
           "kernel.apparmor_restrict_unprivileged_userns=0, as far as the kernel has them; in a "
           "container, allow them, e.g. --security-opt seccomp=unconfined or --privileged";
  }
  if (absl::StrContains(failure, "mount")) {
    return "; mounts in a user namespace are not allowed here: in a container, e.g. "
           "--security-opt apparmor=unconfined --security-opt seccomp=unconfined";
  }
  return "";
}

}  // namespace

StatusOr<std::unique_ptr<Cell>> Cell::Start(CellKind kind) {
  std::unique_ptr<Cell> cell(new Cell);
  int life[2], control[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, life) != 0) {
    return FromErrno(errno, "cannot make a socket for the sandbox");
  }
  cell->life_ = Descriptor(life[0]);
  const Descriptor its_life(life[1]);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) {
    return FromErrno(errno, "cannot make a socket for the sandbox");
  }
  cell->control_ = Descriptor(control[0]);
  {
    const Descriptor its_control(control[1]);
    // Numbers above those that they get in the helper, so that no copy hits another.
    const Descriptor high_life(fcntl(its_life.get(), F_DUPFD_CLOEXEC, 10));
    const Descriptor high_control(fcntl(its_control.get(), F_DUPFD_CLOEXEC, 10));
    if (!high_life.is_open() || !high_control.is_open()) {
      return FromErrno(errno, "cannot copy a descriptor for the sandbox");
    }
    HONE_ASSIGN_OR_RETURN(cell->helper_, Spawn(kind, high_life.get(), high_control.get()));
  }
  HONE_RETURN_IF_ERROR(cell->WaitUntilReady(kind));
  return cell;
}

Status Cell::WaitUntilReady(CellKind kind) {
  char text[sandbox::kMaxMessageBytes];
  ssize_t size = -1;
  if (WaitReadable(control_.get(), kStartSeconds)) {
    size = recv(control_.get(), text, sizeof(text), 0);
  }
  if (size == 1 && text[0] == 'R') return absl::OkStatus();
  std::string why =
      kind == CellKind::kPython
          ? "/usr/bin/python3 does not start in it: apt install python3, with its whole library"
          : "its first process ended or fell silent";
  if (size > 1 && text[0] == 'E') why = std::string(text + 1, size - 1);
  return absl::FailedPreconditionError(
      absl::StrCat("this machine cannot make a sandbox for code: ", why, Advice(why)));
}

Cell::~Cell() {
  control_.Close();
  // Closing alone would not do: a process that was forked from this one may hold the socket too.
  if (life_.is_open()) shutdown(life_.get(), SHUT_RDWR);
  life_.Close();
  while (helper_ > 0 && waitpid(helper_, nullptr, 0) < 0 && errno == EINTR) continue;
}

StatusOr<sandbox::JobReply> Cell::Run(const sandbox::Job& job, const JobFiles& files,
                                      double wall_seconds, Descriptor* made) {
  const std::array<int, sandbox::kNumJobFds> fds = {files.program, files.input, files.output,
                                                    files.errors};
  iovec part = {const_cast<sandbox::Job*>(&job), sizeof(job)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(fds))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(fds));
  std::memcpy(CMSG_DATA(header), fds.data(), sizeof(fds));
  const bool was_used_up = std::exchange(used_up_, true);  // until it has answered
  if (was_used_up) return absl::InternalError("the sandbox is used up");
  if (sendmsg(control_.get(), &message, MSG_NOSIGNAL) != sizeof(job)) {
    return FromErrno(errno, "the sandbox does not take a job");
  }

  if (!WaitReadable(control_.get(), wall_seconds)) {
    return absl::DeadlineExceededError(absl::StrCat("no end after ", wall_seconds, " s"));
  }
  sandbox::JobReply reply;
  part = {&reply, sizeof(reply)};
  message.msg_controllen = sizeof(control);
  const ssize_t size = recvmsg(control_.get(), &message, MSG_CMSG_CLOEXEC);
  for (header = CMSG_FIRSTHDR(&message); size >= 0 && header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      Descriptor received(fd);
      if (made != nullptr) *made = std::move(received);
    }
  }
  if (size != sizeof(reply)) return absl::InternalError("the sandbox ended within a job");
  used_up_ = reply.dirty != 0;
  return reply;
}

}  // namespace hone
