#include "cluster/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

extern char** environ;

namespace hone {
namespace {

constexpr int kLaunchedSignal = 128;

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Ours, with the given variables instead of or on top of those of the same name.
std::vector<std::string> Environment(
    const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    bool replaced = false;
    for (const auto& [name, value] : changes) {
      replaced = replaced || std::string(*entry).starts_with(name + "=");
    }
    if (!replaced) result.emplace_back(*entry);
  }
  for (const auto& [name, value] : changes) result.push_back(absl::StrCat(name, "=", value));
  return result;
}

struct Launch {
  pid_t parent;
  int stdin_fd;
  int log_fd;    // -1: stdout and stderr stay
  int error_fd;  // takes errno when the program cannot be started; closed by exec
  char* const* argv;
  char* const* environment;
};

// In the child, between fork and exec: another thread may have held any lock at the fork, so only
// async-signal-safe calls are allowed here.
[[noreturn]] void RunChild(const Launch& launch) {
  // Should the parent be dead already, the request below comes too late.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(127);
  setpgid(0, 0);
  // What the supervisor blocks or ignores is not its children's matter.
  for (const int number : {SIGINT, SIGTERM, SIGCHLD, SIGPIPE, SIGHUP}) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(launch.stdin_fd, STDIN_FILENO);
  if (launch.log_fd >= 0) {
    dup2(launch.log_fd, STDOUT_FILENO);
    dup2(launch.log_fd, STDERR_FILENO);
  }
  execve(launch.argv[0], launch.argv, launch.environment);
  const int error = errno;
  (void)!write(launch.error_fd, &error, sizeof(error));
  _exit(127);
}

}  // namespace

std::string Describe(const ProcessExit& exit) {
  if (exit.signal_number == 0) return absl::StrCat("exited with ", exit.exit_code);
  return absl::StrCat("was killed by signal ", exit.signal_number, " (",
                      strsignal(exit.signal_number), ")");
}

StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(const ProcessSpec& spec) {
  if (spec.argv.empty()) return absl::InvalidArgumentError("no program to start");
  const std::string& program = spec.argv[0];
  Launch launch{.parent = getpid(), .stdin_fd = -1, .log_fd = -1, .error_fd = -1};
  int null_fd = -1;
  int error_pipe[2] = {-1, -1};
  const absl::Cleanup close_all = [&] {
    for (const int fd : {null_fd, launch.log_fd, error_pipe[0], error_pipe[1]}) {
      if (fd >= 0) close(fd);
    }
  };
  if (spec.stdin_fd < 0) {
    null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0) return FromErrno(errno, "cannot open /dev/null");
  }
  launch.stdin_fd = spec.stdin_fd < 0 ? null_fd : spec.stdin_fd;
  if (!spec.log_path.empty()) {
    launch.log_fd = open(spec.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (launch.log_fd < 0) return FromErrno(errno, absl::StrCat("cannot write ", spec.log_path));
  }
  if (pipe2(error_pipe, O_CLOEXEC) != 0) return FromErrno(errno, "cannot make a pipe");
  launch.error_fd = error_pipe[1];
  const std::vector<char*> argv = Pointers(spec.argv);
  const std::vector<std::string> variables = Environment(spec.environment);
  const std::vector<char*> environment = Pointers(variables);
  launch.argv = argv.data();
  launch.environment = environment.data();

  const pid_t pid = fork();
  if (pid < 0) return FromErrno(errno, absl::StrCat("cannot fork for ", program));
  if (pid == 0) RunChild(launch);
  setpgid(pid, pid);  // by both, so that it holds for whoever comes next; one of them may fail
  // The pipe's end means that exec has closed it: the program runs.
  close(std::exchange(error_pipe[1], -1));
  int error = 0;
  ssize_t num_read;
  do {
    num_read = read(error_pipe[0], &error, sizeof(error));
  } while (num_read < 0 && errno == EINTR);
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) error = errno;
  std::unique_ptr<ChildProcess> child(new ChildProcess(pid, pidfd));
  if (error != 0) return FromErrno(error, absl::StrCat("cannot start ", program));
  return child;
}

ChildProcess::~ChildProcess() {
  if (!reaped_) {
    Signal(SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (pidfd_ >= 0) close(pidfd_);
}

std::optional<ProcessExit> ChildProcess::TakeExit() {
  siginfo_t info = {};
  if (reaped_ || waitid(P_PID, pid_, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
    return std::nullopt;
  }
  // What it started itself and left behind; before it is reaped, so that nobody else can have the
  // group's number.
  Signal(SIGKILL);
  waitpid(pid_, nullptr, 0);
  reaped_ = true;
  // A launcher (mpirun, a shell) tells of a signal that ended its program by 128 and more.
  const int launched_signal = info.si_status - kLaunchedSignal;
  if (info.si_code == CLD_EXITED && (launched_signal <= 0 || launched_signal >= SIGRTMIN)) {
    return ProcessExit{.exit_code = info.si_status};
  }
  if (info.si_code == CLD_EXITED) return ProcessExit{.signal_number = launched_signal};
  return ProcessExit{.signal_number = info.si_status};
}

void ChildProcess::Signal(int signal_number) const {
  if (!reaped_) kill(-pid_, signal_number);
}

}  // namespace hone
