// The coordinator's state behind one lock: what RPC handlers, scorers and the learner do to it.
// No RPC in here.
//
// Thread safety: all methods may be called from any thread. Lease, Wait, NextScoreBatch and
// AwaitAllTold block: until something changes, their deadline, or Close().
// Invariants:
//  * every group of a pending job is in exactly one phase (job_table.h), and leased ones are on the
//    lease that the group names;
//  * lost leases are found by whoever looks next: there is no thread that only watches the clock.
#ifndef HONE_TRAINER_COORDINATOR_DISPATCHER_H_
#define HONE_TRAINER_COORDINATOR_DISPATCHER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/status.h"
#include "data/wire.h"
#include "trainer/coordinator/coordinator.h"
#include "trainer/coordinator/job_table.h"
#include "trainer/coordinator/lease_table.h"
#include "trainer/coordinator/published_weights.h"
#include "trainer/coordinator/roster.h"
#include "trainer/coordinator/score_queue.h"

namespace hone {

// A lease as it was granted. No spec: there was no work, or the run is done.
struct LeaseGrant {
  bool done = false;
  std::optional<uint64_t> published_version = std::nullopt;
  uint64_t lease_id = 0;
  uint64_t policy_version = 0;
  std::shared_ptr<const GenerateJob> spec = nullptr;
  std::vector<int> groups = {};  // indices into the spec's prompts
};

struct Submission {
  std::string client_id = {};
  uint64_t lease_id = 0;
  uint64_t policy_version = 0;
  std::vector<GroupResult> groups = {};
  CoordinatorStats::Worker effort = {};
};

struct SubmissionResult {
  int accepted = 0;  // samples
  int duplicates = 0;
};

class Dispatcher {
 public:
  explicit Dispatcher(const CoordinatorOptions& options);

  // --- The learner.
  void Publish(PublishedWeights weights);
  StatusOr<JobId> Enqueue(GenerateJob job);
  StatusOr<std::vector<Group>> Wait(JobId id, const Coordinator::OnProgress& on_progress);
  StatusOr<std::vector<Group>> WaitForSome(const SomeGroups& some,
                                           const Coordinator::OnProgress& on_progress);
  void Cancel();
  CoordinatorStats TakeStats();
  // From now on everybody is told that the run is done.
  void Finish();
  // Until every member was told or has fallen silent.
  void AwaitAllTold();
  // Ends all waiting at once.
  void Close();

  // --- The RPC handlers. NotFound for a client that is not (or no longer) registered.
  // Returns whether the run is done.
  StatusOr<bool> Register(const std::string& client_id, MemberRole role, const std::string& address,
                          const std::string& experiment_hash);
  // `is_gone` says that the caller has hung up: it is then given nothing.
  StatusOr<LeaseGrant> Lease(const std::string& client_id, int free_sequences,
                             absl::Duration longest_wait, const std::function<bool()>& is_gone);
  StatusOr<SubmissionResult> Submit(Submission submission);
  // NotFound when `version` is not the published one; the client's leases on it end then.
  StatusOr<std::shared_ptr<const PublishedWeights>> WeightsFor(const std::string& client_id,
                                                               uint64_t version);

  // --- The scorers.
  // Blocks until there are samples to score and a service to do it; nullopt after Close().
  std::optional<ScoreBatch> NextScoreBatch();
  // scores[i][j] judges sample j of task i.
  void FinishScoring(ScoreBatch batch, std::vector<std::vector<Score>> scores, double seconds);
  void FailScoring(ScoreBatch batch, const Status& error, double seconds);

 private:
  // Puts groups of lost leases back; call before looking at leases or members.
  void DropLost(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PutBack(const std::vector<LostLease>& lost) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  LeaseGrant Grant(const std::string& client_id, int free_sequences, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The group, if the submission may fill it.
  std::optional<GroupRef> FindAcceptable(uint64_t prompt_id, uint64_t policy_version)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status CheckResult(const GroupResult& result, const GroupRef& ref)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // How WaitForSome ends now, if it does.
  std::optional<StatusOr<std::vector<Group>>> WaitResult(const SomeGroups& some,
                                                         absl::Time deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Those of the jobs that are pending.
  std::vector<const Job*> Pending(const std::vector<JobId>& jobs)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveUp(const std::vector<JobId>& jobs) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Progress() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndCall(const ScoreBatch& batch, double seconds, bool suspend)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Until something changes or `deadline`.
  void WaitForChange(absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const CoordinatorOptions options_;
  Clock* const clock_;

  absl::Mutex mutex_;
  absl::CondVar changed_;
  Roster roster_ ABSL_GUARDED_BY(mutex_);
  JobTable jobs_ ABSL_GUARDED_BY(mutex_);
  LeaseTable leases_ ABSL_GUARDED_BY(mutex_);
  ScoreQueue to_score_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const PublishedWeights> weights_ ABSL_GUARDED_BY(mutex_);
  CoordinatorStats stats_ ABSL_GUARDED_BY(mutex_);
  std::string last_reward_error_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_progress_ ABSL_GUARDED_BY(mutex_);
  int num_calls_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;  // to reward services
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;       // the learner waits for nothing any more
  bool done_ ABSL_GUARDED_BY(mutex_) = false;            // the run has ended
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;          // nobody waits for anything any more
};

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_DISPATCHER_H_
