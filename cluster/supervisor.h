// Starts the processes of a run on this machine, restarts those that may be restarted, and ends all
// of them when one is lost for good, when the run is done, or when it is asked to stop.
//
// Thread safety: none: one thread makes the Supervisor and calls Run(), and lives until it returns
// (the kernel ties a child's life to the thread that started it).
// Invariants:
//  * no child outlives Run(), nor the supervisor's own death: the kernel kills them with it;
//  * a child that keeps dying is not restarted for ever.
#ifndef HONE_CLUSTER_SUPERVISOR_H_
#define HONE_CLUSTER_SUPERVISOR_H_

#include <signal.h>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/status.h"
#include "cluster/child_process.h"

namespace hone {

struct RoleSpec {
  std::string name = {};        // for messages, e.g. "rollout-0"
  ProcessSpec process = {};     // its log is quoted when the role is lost
  bool restartable = false;     // when it dies by a signal or exits with 1 or more, but not 2
  bool reports_errors = false;  // its own error exit ends the run: only a signal restarts it
  bool ends_run = false;        // when it exits with 0 the run is done; the others follow
  int stop_signal = SIGTERM;    // asks it to end
};

struct SupervisorOptions {
  int max_restarts = 5;  // of one role within the window; the next death fails the run
  double restart_window_seconds = 300;
  double first_backoff_seconds = 0.25;  // before a restart; doubles with each in the window
  double longest_backoff_seconds = 10;
  double grace_seconds = 10;  // to end by themselves after the run, and then after SIGTERM
};

class Supervisor {
 public:
  Supervisor(std::vector<RoleSpec> roles, const SupervisorOptions& options);
  ~Supervisor();  // kills what Run() left, which is nothing unless it was not called

  // Starts all roles and blocks until none runs. OK when a role that ends the run exited with 0
  // (or, without such a role, when all did). Cancelled when `stop` was raised: the roles get
  // SIGTERM, and SIGKILL after the grace. Otherwise the reason: which role, its exit code or
  // signal, and the last lines of its log. A role's exit code 2 is InvalidArgument.
  //
  // `stop` is to be raised by a handler of SIGINT and SIGTERM: the arrival of a signal is what
  // wakes Run() at once; a flag raised without one is seen within a second.
  Status Run(const std::atomic<bool>& stop);

 private:
  struct Role {
    RoleSpec spec;
    std::unique_ptr<ChildProcess> child;  // null: not running
    std::deque<absl::Time> deaths;        // within the window
    absl::Time restart_at = absl::InfiniteFuture();
  };
  enum class Phase { kRunning, kWindingDown, kTerminating, kKilling };

  Status StartRole(Role* role);
  void StartDue(absl::Time now);
  void ReapExited(absl::Time now);
  void HandleExit(Role* role, const ProcessExit& exit, absl::Time now);
  void HandleDeath(Role* role, const ProcessExit& exit, absl::Time now);
  Status DescribeLoss(const Role& role, const ProcessExit& exit) const;
  // Moves on to a later phase; an error is kept if it is the first.
  void Enter(Phase phase, absl::Time now, const Status& status);
  void CheckPhaseDeadline(absl::Time now);
  void AskAllToEnd();
  void KillAll();
  bool AnyRunning() const;
  absl::Time NextEvent() const;
  // Until a child exits, a signal arrives, or `deadline`.
  void WaitForEvent(absl::Time deadline);

  const SupervisorOptions options_;
  std::vector<Role> roles_;
  Phase phase_ = Phase::kRunning;
  absl::Time phase_deadline_ = absl::InfiniteFuture();
  Status result_;
};

}  // namespace hone

#endif  // HONE_CLUSTER_SUPERVISOR_H_
