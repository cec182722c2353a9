#include "trainer/coordinator/dispatcher.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/log.h"
#include "trainer/coordinator/stall.h"

namespace hone {
namespace {

constexpr int kHeartbeatsOfSilence = 3;
constexpr int kMaxMembers = 4096;
constexpr absl::Duration kProgressInterval = absl::Milliseconds(200);
// Calls that a task may lose to time-outs or failures before its samples count as not judgeable.
constexpr int kMaxFailedCalls = 3;

Status UnknownClient(const std::string& client_id) {
  return absl::NotFoundError(absl::StrCat("\"", client_id, "\" is not registered; register again"));
}

// How far jobs are of which so many groups are waited for.
struct Standing {
  int64_t num_scored = 0;   // samples of all groups that are left
  int64_t num_samples = 0;  // of the groups that are waited for
  bool failed = false;

  friend bool operator==(const Standing&, const Standing&) = default;
};

Standing StandingOf(const std::vector<const Job*>& jobs, int64_t count) {
  Standing standing;
  int64_t num_left = 0, num_samples = 0;
  for (const Job* job : jobs) {
    num_left += job->num_left;
    num_samples = job->spec->num_samples;
    standing.num_scored += job->num_scored;
    standing.failed |= !job->error.ok();
  }
  standing.num_samples = std::min(count, num_left) * num_samples;
  return standing;
}

}  // namespace

Dispatcher::Dispatcher(const CoordinatorOptions& options)
    : options_(options),
      clock_(options.clock),
      roster_(absl::Seconds(options.heartbeat_seconds * kHeartbeatsOfSilence)),
      jobs_(options.max_pending_groups),
      last_progress_(clock_->Now()) {}

void Dispatcher::WaitForChange(absl::Time deadline) { clock_->Wait(&changed_, &mutex_, deadline); }

void Dispatcher::Progress() {
  last_progress_ = clock_->Now();
  changed_.SignalAll();
}

void Dispatcher::PutBack(const std::vector<LostLease>& lost) {
  for (const LostLease& entry : lost) {
    for (const GroupRef& ref : entry.lease.groups) jobs_.PutBack(ref, entry.id);
  }
  if (!lost.empty()) changed_.SignalAll();
}

void Dispatcher::DropLost(absl::Time now) {
  std::vector<LostLease> lost = leases_.TakeExpired(now);
  for (const LostLease& entry : lost) {
    LogWarning(absl::StrCat("lease ", entry.id, " of ", entry.lease.client_id,
                            " expired: ", entry.lease.groups.size(), " groups go to others"));
  }
  for (const std::string& client_id : roster_.DropSilent(now)) {
    LogWarning(absl::StrCat(client_id, " fell silent and is forgotten"));
    for (LostLease& entry : leases_.TakeOf(client_id)) lost.push_back(std::move(entry));
  }
  stats_.leases_lost += static_cast<int64_t>(lost.size());
  PutBack(lost);
}

void Dispatcher::Publish(PublishedWeights weights) {
  auto published = std::make_shared<const PublishedWeights>(std::move(weights));
  absl::MutexLock lock(&mutex_);
  weights_.swap(published);
  Progress();
}

StatusOr<JobId> Dispatcher::Enqueue(GenerateJob job) {
  absl::MutexLock lock(&mutex_);
  StatusOr<JobId> id = jobs_.Add(std::move(job));
  if (id.ok()) Progress();
  return id;
}

void Dispatcher::GiveUp(const std::vector<JobId>& jobs) {
  for (const JobId id : jobs) {
    if (jobs_.Find(id) == nullptr) continue;
    to_score_.DropJob(id);
    leases_.DropJob(id);
    jobs_.Remove(id);
  }
}

std::vector<const Job*> Dispatcher::Pending(const std::vector<JobId>& jobs) {
  std::vector<const Job*> pending;
  for (const JobId id : jobs) {
    if (const Job* job = jobs_.Find(id)) pending.push_back(job);
  }
  return pending;
}

std::optional<StatusOr<std::vector<Group>>> Dispatcher::WaitResult(const SomeGroups& some,
                                                                   absl::Time deadline) {
  const std::vector<const Job*> pending = Pending(some.jobs);
  Status error;
  if (pending.size() < some.jobs.size()) {
    error = absl::NotFoundError(
        absl::StrCat("not all of these jobs are pending: ", absl::StrJoin(some.jobs, ", ")));
  }
  for (const Job* job : pending) error.Update(job->error);
  // Only once there may be enough of them are the groups looked at one by one.
  const Standing standing = StandingOf(pending, some.count);
  if (error.ok() && standing.num_scored >= standing.num_samples) {
    if (const auto scored = jobs_.FindScored(some)) return jobs_.Take(*scored);
  }
  if (error.ok() && (cancelled_ || done_ || closed_)) {
    error = absl::CancelledError("the run is stopping");
  }
  if (error.ok() && clock_->Now() >= deadline) {
    error = absl::DeadlineExceededError(absl::StrCat(
        "no progress for ", options_.no_progress_seconds,
        " s: ", DescribeStall(pending, roster_, leases_, weights_ != nullptr, last_reward_error_)));
  }
  if (error.ok()) return std::nullopt;
  GiveUp(some.jobs);
  return error;
}

StatusOr<std::vector<Group>> Dispatcher::Wait(JobId id,
                                              const Coordinator::OnProgress& on_progress) {
  return WaitForSome({.jobs = {id}, .count = options_.max_pending_groups}, on_progress);
}

StatusOr<std::vector<Group>> Dispatcher::WaitForSome(const SomeGroups& some,
                                                     const Coordinator::OnProgress& on_progress) {
  absl::MutexLock lock(&mutex_);
  // Nobody can be blamed for the time before we began to wait.
  const absl::Time begin = clock_->Now();
  while (true) {
    DropLost(clock_->Now());
    // A call to a reward service that is in work has a deadline of its own.
    const absl::Time quiet_since =
        num_calls_in_flight_ > 0 ? clock_->Now() : std::max(begin, last_progress_);
    const absl::Time deadline = quiet_since + absl::Seconds(options_.no_progress_seconds);
    if (auto result = WaitResult(some, deadline)) return *std::move(result);
    if (on_progress == nullptr) {
      WaitForChange(deadline);
      continue;
    }
    const Standing before = StandingOf(Pending(some.jobs), some.count);
    mutex_.Unlock();
    const Status status =
        on_progress(std::min(before.num_scored, before.num_samples), before.num_samples);
    mutex_.Lock();
    if (!status.ok()) {
      GiveUp(some.jobs);
      return status;
    }
    // What changed during the call is not waited for again: the next round looks first.
    if (StandingOf(Pending(some.jobs), some.count) == before) {
      WaitForChange(std::min(deadline, clock_->Now() + kProgressInterval));
    }
  }
}

CoordinatorStats Dispatcher::TakeStats() {
  absl::MutexLock lock(&mutex_);
  DropLost(clock_->Now());
  CoordinatorStats stats = std::exchange(stats_, {});
  stats.live_workers = roster_.Count(MemberRole::kRollout);
  stats.live_services = roster_.Count(MemberRole::kReward);
  return stats;
}

void Dispatcher::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  changed_.SignalAll();
}

void Dispatcher::Finish() {
  absl::MutexLock lock(&mutex_);
  done_ = true;
  changed_.SignalAll();
}

void Dispatcher::AwaitAllTold() {
  absl::MutexLock lock(&mutex_);
  const absl::Time deadline =
      clock_->Now() + absl::Seconds(options_.heartbeat_seconds * kHeartbeatsOfSilence);
  while (!closed_ && !roster_.AllToldDone() && clock_->Now() < deadline) WaitForChange(deadline);
}

void Dispatcher::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  changed_.SignalAll();
}

StatusOr<bool> Dispatcher::Register(const std::string& client_id, MemberRole role,
                                    const std::string& address,
                                    const std::string& experiment_hash) {
  if (experiment_hash != options_.experiment_hash) {
    return absl::FailedPreconditionError(absl::StrCat(
        client_id, " was started with another experiment (hash ", experiment_hash,
        ") than this run's trainer (", options_.experiment_hash, "): start it with the same file"));
  }
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_->Now();
  DropLost(now);
  if (roster_.Find(client_id) == nullptr) {
    if (roster_.size() >= kMaxMembers) {
      return absl::ResourceExhaustedError(absl::StrCat("there are ", kMaxMembers, " clients"));
    }
    LogInfo(absl::StrCat(client_id, " registered", address.empty() ? "" : " at ", address));
  }
  roster_.Join(client_id, role, address, now);
  roster_.Find(client_id)->told_done = done_;
  changed_.SignalAll();
  return done_;
}

StatusOr<LeaseGrant> Dispatcher::Lease(const std::string& client_id, int free_sequences,
                                       absl::Duration longest_wait,
                                       const std::function<bool()>& is_gone) {
  absl::MutexLock lock(&mutex_);
  const absl::Time end = clock_->Now() + longest_wait;
  while (true) {
    const absl::Time now = clock_->Now();
    Member* member = roster_.Find(client_id);
    if (member == nullptr) return UnknownClient(client_id);
    if (closed_) return absl::UnavailableError("the coordinator is shutting down");
    if (is_gone()) return absl::CancelledError("the caller hung up");
    member->last_seen = now;
    DropLost(now);
    if (done_) {
      member->told_done = true;
      changed_.SignalAll();
      return LeaseGrant{.done = true};
    }
    LeaseGrant grant = Grant(client_id, free_sequences, now);
    if (weights_ != nullptr) grant.published_version = weights_->version;
    if (grant.spec != nullptr || now >= end) return grant;
    WaitForChange(std::min({end, roster_.NextDrop(), leases_.NextExpiry()}));
  }
}

LeaseGrant Dispatcher::Grant(const std::string& client_id, int free_sequences, absl::Time now) {
  if (free_sequences <= 0 || weights_ == nullptr || jobs_.num_waiting() == 0) return {};
  const int num_workers = std::max(1, roster_.Count(MemberRole::kRollout));
  const int share = (jobs_.num_waiting() + num_workers - 1) / num_workers;
  LeaseGrant grant{.lease_id = leases_.NextId(), .policy_version = weights_->version};
  // A group larger than a worker's whole capacity must still go somewhere: to an idle one.
  const std::vector<GroupRef> refs = jobs_.TakeWaiting(
      free_sequences, share, !leases_.Holds(client_id), grant.lease_id, grant.policy_version);
  if (refs.empty()) return {};
  grant.spec = jobs_.Find(refs[0].job)->spec;
  for (const GroupRef& ref : refs) grant.groups.push_back(ref.index);
  leases_.Add({.client_id = client_id,
               .policy_version = grant.policy_version,
               .deadline = now + absl::Seconds(options_.lease_seconds),
               .groups = {refs.begin(), refs.end()}});
  ++stats_.leases_granted;
  return grant;
}

std::optional<GroupRef> Dispatcher::FindAcceptable(uint64_t prompt_id, uint64_t policy_version) {
  const std::optional<GroupRef> ref = jobs_.FindPrompt(prompt_id);
  if (!ref.has_value()) return std::nullopt;
  const GroupState& group = *jobs_.Find(*ref);
  const bool open =
      group.phase == GroupState::Phase::kWaiting || group.phase == GroupState::Phase::kLeased;
  const bool leased = group.policy_version.has_value() && *group.oldest_version <= policy_version &&
                      policy_version <= *group.policy_version;
  return open && leased ? ref : std::nullopt;
}

Status Dispatcher::CheckResult(const GroupResult& result, const GroupRef& ref) {
  if (!result.error.empty()) return absl::OkStatus();
  HONE_RETURN_IF_ERROR(jobs_.CheckCompletions(ref, result.completions));
  const int vocab_size = weights_->vocab_size;
  for (const Completion& completion : result.completions) {
    if (!completion.versions.empty() && completion.versions.back().version > weights_->version) {
      return absl::InvalidArgumentError(absl::StrCat("group ", result.prompt_id, " has version ",
                                                     completion.versions.back().version,
                                                     ", the newest is ", weights_->version));
    }
    for (const int32_t token : completion.tokens) {
      if (token >= vocab_size) {
        return absl::InvalidArgumentError(absl::StrCat("group ", result.prompt_id, " has token ",
                                                       token, " of a vocabulary of ", vocab_size));
      }
    }
  }
  return absl::OkStatus();
}

StatusOr<SubmissionResult> Dispatcher::Submit(Submission submission) {
  absl::MutexLock lock(&mutex_);
  Member* member = roster_.Find(submission.client_id);
  if (member == nullptr) return UnknownClient(submission.client_id);
  const absl::Time now = clock_->Now();
  member->last_seen = now;
  // All is checked before anything is taken, so that a refused call has no effect.
  for (const GroupResult& result : submission.groups) {
    const auto ref = FindAcceptable(result.prompt_id, submission.policy_version);
    if (ref.has_value()) HONE_RETURN_IF_ERROR(CheckResult(result, *ref));
  }
  SubmissionResult counts;
  for (GroupResult& result : submission.groups) {
    const int num_samples = static_cast<int>(result.completions.size());
    const auto ref = FindAcceptable(result.prompt_id, submission.policy_version);
    if (!ref.has_value()) {
      counts.duplicates += num_samples;
      continue;
    }
    counts.accepted += num_samples;
    // By the latest lease, which after an expiry may be another worker's.
    leases_.Return(jobs_.Find(*ref)->lease_id, *ref);
    if (!result.error.empty()) {
      jobs_.Find(ref->job)->error = absl::InvalidArgumentError(absl::StrCat(
          submission.client_id, " cannot sample prompt ", result.prompt_id, ": ", result.error));
      changed_.SignalAll();
      continue;
    }
    jobs_.Accept(*ref, submission.policy_version, std::move(result.completions));
    ScoreTask task{.group = *ref,
                   .spec = jobs_.Find(ref->job)->spec,
                   .completions = jobs_.Find(*ref)->completions};
    task.samples.resize(num_samples);
    std::iota(task.samples.begin(), task.samples.end(), 0);
    to_score_.Add(std::move(task));
  }
  leases_.Extend(submission.lease_id, now + absl::Seconds(options_.lease_seconds));
  stats_.samples_accepted += counts.accepted;
  stats_.duplicates_refused += counts.duplicates;
  if (counts.accepted > 0) {  // a repeated call must not count the worker's time twice
    stats_.workers[submission.client_id] += submission.effort;
    Progress();
  }
  return counts;
}

StatusOr<std::shared_ptr<const PublishedWeights>> Dispatcher::WeightsFor(
    const std::string& client_id, uint64_t version) {
  absl::MutexLock lock(&mutex_);
  if (Member* member = roster_.Find(client_id)) member->last_seen = clock_->Now();
  if (weights_ != nullptr && weights_->version == version) return weights_;
  // It cannot work on these leases: others need not wait for them to expire.
  const std::vector<LostLease> lost = leases_.TakeOf(client_id, version);
  stats_.leases_lost += static_cast<int64_t>(lost.size());
  PutBack(lost);
  return absl::NotFoundError(absl::StrCat("version ", version, " is not the published one"));
}

std::optional<ScoreBatch> Dispatcher::NextScoreBatch() {
  absl::MutexLock lock(&mutex_);
  while (!closed_) {
    const absl::Time now = clock_->Now();
    DropLost(now);
    const std::string service_id = to_score_.empty() ? "" : roster_.LeastBusyService(now);
    if (!service_id.empty()) {
      Member& service = *roster_.Find(service_id);
      ++service.calls_in_flight;
      ++service.num_calls;
      ++num_calls_in_flight_;
      return ScoreBatch{
          .service_id = service_id, .address = service.address, .tasks = to_score_.TakeBatch()};
    }
    WaitForChange(roster_.NextReturn(now));
  }
  return std::nullopt;
}

void Dispatcher::EndCall(const ScoreBatch& batch, double seconds, bool suspend) {
  stats_.reward_seconds += seconds;
  --num_calls_in_flight_;
  roster_.EndCall(batch.service_id, suspend, clock_->Now(),
                  absl::Seconds(options_.heartbeat_seconds));
  changed_.SignalAll();
}

void Dispatcher::FinishScoring(ScoreBatch batch, std::vector<std::vector<Score>> scores,
                               double seconds) {
  absl::MutexLock lock(&mutex_);
  EndCall(batch, seconds, /*suspend=*/false);
  for (size_t i = 0; i < batch.tasks.size(); ++i) {
    ScoreTask& task = batch.tasks[i];
    if (jobs_.Find(task.group) == nullptr) continue;
    std::vector<int> again;
    for (size_t j = 0; j < task.samples.size(); ++j) {
      if (IsVerifierFailure(scores[i][j].outcome) && !task.is_second_try) {
        again.push_back(task.samples[j]);
      } else {
        jobs_.SetScore(task.group, task.samples[j], std::move(scores[i][j]));
      }
    }
    if (again.empty()) continue;
    task.samples = std::move(again);
    task.is_second_try = true;
    to_score_.Add(std::move(task));
  }
  Progress();
}

void Dispatcher::FailScoring(ScoreBatch batch, const Status& error, double seconds) {
  absl::MutexLock lock(&mutex_);
  last_reward_error_ = absl::StrCat(batch.service_id, ": ", error.message());
  LogWarning(absl::StrCat("reward call failed: ", last_reward_error_));
  const bool refused = absl::IsInvalidArgument(error);  // the request's fault: no use in repeating
  EndCall(batch, seconds, /*suspend=*/!refused);
  // A service that is not there or too busy says nothing about the samples.
  const bool counts = !absl::IsUnavailable(error) && !absl::IsCancelled(error);
  if (counts) Progress();  // it may have taken long; the next one is to have its time, too
  for (ScoreTask& task : batch.tasks) {
    Job* job = jobs_.Find(task.group.job);
    if (job == nullptr) continue;
    if (refused) {
      job->error = Annotate(error, absl::StrCat("the reward service ", batch.service_id));
      continue;
    }
    if (counts && ++task.num_failed_calls >= kMaxFailedCalls) {
      const Outcome outcome = absl::IsDeadlineExceeded(error) ? Outcome::kTimeout : Outcome::kError;
      for (const int sample : task.samples) {
        jobs_.SetScore(task.group, sample,
                       {.outcome = outcome,
                        .components = std::vector<double>(task.spec->reward.size()),
                        .detail = absl::StrCat("not judged: ", last_reward_error_)});
      }
      continue;
    }
    to_score_.Add(std::move(task));
  }
}

}  // namespace hone
