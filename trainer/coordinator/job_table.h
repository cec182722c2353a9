// The jobs that are pending and the state of each of their groups.
// Thread safety: none; the Dispatcher's lock guards it.
//
// A group goes waiting -> leased -> scoring -> scored -> taken. A lost lease takes it from leased
// back to waiting; nothing else goes back.
#ifndef HONE_TRAINER_COORDINATOR_JOB_TABLE_H_
#define HONE_TRAINER_COORDINATOR_JOB_TABLE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "data/records.h"
#include "trainer/coordinator/coordinator.h"

namespace hone {

// Names a group while its job is pending. Ordered by age.
struct GroupRef {
  JobId job = 0;
  int index = 0;  // into the job's prompts

  friend auto operator<=>(const GroupRef&, const GroupRef&) = default;
};

struct GroupState {
  enum class Phase { kWaiting, kLeased, kScoring, kScored, kTaken };

  Phase phase = Phase::kWaiting;
  uint64_t lease_id = 0;  // the latest; 0: never leased
  // Of the first lease whose result is taken, and of the latest. The same unless the job follows
  // the weights; never leased: neither.
  std::optional<uint64_t> oldest_version;
  std::optional<uint64_t> policy_version;  // once accepted: of the lease that it came from
  std::shared_ptr<const std::vector<Completion>> completions;  // once accepted
  std::vector<Score> scores;                                   // [completions]
  int num_scored = 0;
};

struct Job {
  std::shared_ptr<const GenerateJob> spec;
  std::vector<GroupState> groups;  // [prompts]
  int64_t num_left = 0;            // groups that are not taken
  int64_t num_scored = 0;          // their samples
  Status error;                    // set: the job cannot be completed
};

class JobTable {
 public:
  explicit JobTable(int max_groups) : max_groups_(max_groups) {}

  StatusOr<JobId> Add(GenerateJob spec);
  // Of jobs that are all pending: what WaitForSome would return now; nullopt: it has to wait.
  std::optional<std::vector<GroupRef>> FindScored(const SomeGroups& some) const;
  // Takes groups out that are scored. A job of which none is left is removed.
  std::vector<Group> Take(const std::vector<GroupRef>& refs);
  void Remove(JobId id);

  Job* Find(JobId id);                    // null: unknown
  GroupState* Find(const GroupRef& ref);  // null: its job is gone
  std::optional<GroupRef> FindPrompt(uint64_t prompt_id) const;

  // Leases groups of the oldest job that has some waiting: as many as fit into `free_sequences`,
  // at most `max_groups`; if `at_least_one`, the first even when it does not fit.
  std::vector<GroupRef> TakeWaiting(int free_sequences, int max_groups, bool at_least_one,
                                    uint64_t lease_id, uint64_t policy_version);
  // Undoes that, unless the group was accepted or leased anew in the meantime.
  void PutBack(const GroupRef& ref, uint64_t lease_id);

  // OK when the completions are what the group was leased for.
  Status CheckCompletions(const GroupRef& ref, const std::vector<Completion>& completions) const;
  // The group must be waiting or leased; the completions are of a lease with `policy_version`.
  void Accept(const GroupRef& ref, uint64_t policy_version, std::vector<Completion> completions);
  // Sets the scores of some samples for good; the group must be scoring.
  void SetScore(const GroupRef& ref, int sample_index, Score score);

  int num_waiting() const { return static_cast<int>(waiting_.size()); }

 private:
  const int max_groups_;
  JobId last_id_ = 0;
  std::map<JobId, Job> jobs_;
  absl::flat_hash_map<uint64_t, GroupRef> by_prompt_id_;
  std::set<GroupRef> waiting_;
};

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_JOB_TABLE_H_
