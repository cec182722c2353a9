#include "cluster/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"

namespace hone {
namespace {

constexpr int kUsageExitCode = 2;  // a restart would end the same way
constexpr int kQuotedLogBytes = 2000;
constexpr absl::Duration kLongestPoll = absl::Seconds(1);

// The last whole lines of a log.
std::string LogTail(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return "";
  const auto size = static_cast<int64_t>(file.tellg());
  const int64_t begin = std::max<int64_t>(0, size - kQuotedLogBytes);
  file.seekg(begin);
  std::string tail(static_cast<size_t>(size - begin), '\0');
  file.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  tail.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  const size_t line_end = tail.find('\n');
  return begin > 0 && line_end != std::string::npos ? tail.substr(line_end + 1) : tail;
}

}  // namespace

Supervisor::Supervisor(std::vector<RoleSpec> roles, const SupervisorOptions& options)
    : options_(options) {
  for (RoleSpec& spec : roles) roles_.push_back({.spec = std::move(spec)});
}

Supervisor::~Supervisor() = default;

Status Supervisor::Run(const std::atomic<bool>& stop) {
  // Delivered only while ppoll waits, so that a signal between the look at `stop` and the wait is
  // not slept over.
  sigset_t signals, before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  const absl::Cleanup restore = [&] { pthread_sigmask(SIG_SETMASK, &before, nullptr); };

  for (Role& role : roles_) role.restart_at = RealClock()->Now();
  while (true) {
    const absl::Time now = RealClock()->Now();
    if (stop && phase_ < Phase::kTerminating) {
      Enter(Phase::kTerminating, now, absl::CancelledError("asked to stop"));
    }
    if (phase_ == Phase::kRunning) StartDue(now);
    if (!AnyRunning() && (phase_ != Phase::kRunning || NextEvent() == absl::InfiniteFuture())) {
      return result_;
    }
    CheckPhaseDeadline(now);
    WaitForEvent(NextEvent());
    ReapExited(RealClock()->Now());
  }
}

Status Supervisor::StartRole(Role* role) {
  role->restart_at = absl::InfiniteFuture();
  StatusOr<std::unique_ptr<ChildProcess>> child = ChildProcess::Start(role->spec.process);
  if (!child.ok()) return Annotate(child.status(), role->spec.name);
  role->child = *std::move(child);
  LogInfo(absl::StrCat(role->spec.name, " started as process ", role->child->pid()));
  return absl::OkStatus();
}

void Supervisor::StartDue(absl::Time now) {
  for (Role& role : roles_) {
    if (role.restart_at > now) continue;
    const Status status = StartRole(&role);
    if (!status.ok()) return Enter(Phase::kTerminating, now, status);
  }
}

void Supervisor::ReapExited(absl::Time now) {
  for (Role& role : roles_) {
    if (role.child == nullptr) continue;
    const std::optional<ProcessExit> exit = role.child->TakeExit();
    if (!exit.has_value()) continue;
    role.child.reset();
    HandleExit(&role, *exit, now);
  }
}

void Supervisor::HandleExit(Role* role, const ProcessExit& exit, absl::Time now) {
  LogInfo(absl::StrCat(role->spec.name, " ", Describe(exit)));
  if (phase_ != Phase::kRunning) return;  // how it ends then changes nothing
  if (!exit.clean()) return HandleDeath(role, exit, now);
  if (role->spec.ends_run) Enter(Phase::kWindingDown, now, absl::OkStatus());
}

void Supervisor::HandleDeath(Role* role, const ProcessExit& exit, absl::Time now) {
  role->deaths.push_back(now);
  while (now - role->deaths.front() > absl::Seconds(options_.restart_window_seconds)) {
    role->deaths.pop_front();
  }
  const int num_deaths = static_cast<int>(role->deaths.size());
  const bool hopeless =
      exit.signal_number == 0 && (exit.exit_code == kUsageExitCode || role->spec.reports_errors);
  if (!role->spec.restartable || hopeless || num_deaths > options_.max_restarts) {
    return Enter(Phase::kTerminating, now, DescribeLoss(*role, exit));
  }
  const double backoff = std::min(options_.longest_backoff_seconds,
                                  options_.first_backoff_seconds * std::exp2(num_deaths - 1));
  role->restart_at = now + absl::Seconds(backoff);
  LogWarning(absl::StrCat(role->spec.name, " ", Describe(exit), "; restart ", num_deaths, " of ",
                          options_.max_restarts, " in ", backoff, " s"));
}

Status Supervisor::DescribeLoss(const Role& role, const ProcessExit& exit) const {
  std::string message = absl::StrCat(role.spec.name, " ", Describe(exit));
  if (role.deaths.size() > 1) {
    absl::StrAppend(&message, ", its death no. ", role.deaths.size(), " within ",
                    options_.restart_window_seconds, " s");
  }
  const std::string& log = role.spec.process.log_path;
  if (const std::string tail = LogTail(log); !tail.empty()) {
    absl::StrAppend(&message, "; its log ", log, " ends with\n", tail);
  }
  const bool usage = exit.signal_number == 0 && exit.exit_code == kUsageExitCode;
  return usage ? absl::InvalidArgumentError(message) : absl::AbortedError(message);
}

void Supervisor::Enter(Phase phase, absl::Time now, const Status& status) {
  if (result_.ok()) result_ = status;
  if (phase <= phase_) return;
  phase_ = phase;
  phase_deadline_ = now + absl::Seconds(options_.grace_seconds);
  for (Role& role : roles_) role.restart_at = absl::InfiniteFuture();
  if (phase == Phase::kTerminating) AskAllToEnd();
  if (phase == Phase::kKilling) {
    KillAll();
    phase_deadline_ = absl::InfiniteFuture();
  }
}

void Supervisor::CheckPhaseDeadline(absl::Time now) {
  if (now < phase_deadline_) return;
  for (const Role& role : roles_) {
    if (role.child != nullptr) LogWarning(absl::StrCat(role.spec.name, " does not end by itself"));
  }
  const Phase next = phase_ == Phase::kWindingDown ? Phase::kTerminating : Phase::kKilling;
  Enter(next, now, absl::OkStatus());
}

void Supervisor::AskAllToEnd() {
  for (const Role& role : roles_) {
    if (role.child != nullptr) role.child->Signal(role.spec.stop_signal);
  }
}

void Supervisor::KillAll() {
  for (const Role& role : roles_) {
    if (role.child != nullptr) role.child->Signal(SIGKILL);
  }
}

bool Supervisor::AnyRunning() const {
  return std::any_of(roles_.begin(), roles_.end(),
                     [](const Role& role) { return role.child != nullptr; });
}

absl::Time Supervisor::NextEvent() const {
  absl::Time next = phase_deadline_;
  for (const Role& role : roles_) next = std::min(next, role.restart_at);
  return next;
}

void Supervisor::WaitForEvent(absl::Time deadline) {
  std::vector<pollfd> fds;
  for (const Role& role : roles_) {
    if (role.child != nullptr) fds.push_back({.fd = role.child->fd(), .events = POLLIN});
  }
  const absl::Duration wait =
      std::clamp(deadline - RealClock()->Now(), absl::ZeroDuration(), kLongestPoll);
  const timespec timeout = absl::ToTimespec(wait);
  sigset_t none;
  sigemptyset(&none);
  ppoll(fds.data(), fds.size(), &timeout, &none);
}

}  // namespace hone
