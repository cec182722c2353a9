#include "trainer/coordinator/stall.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hone {
namespace {

std::string Groups(int count) { return absl::StrCat(count, count == 1 ? " group" : " groups"); }

std::string DescribeWaiting(int num_waiting, int64_t num_groups, const Roster& roster,
                            bool weights_published) {
  const std::string rest =
      absl::StrCat(" (", num_waiting, " of ", num_groups, " groups are still to be generated)");
  if (!weights_published) return absl::StrCat("no weights are published", rest);
  const std::vector<std::string> workers = roster.Ids(MemberRole::kRollout);
  if (workers.empty()) return absl::StrCat("no rollout worker is registered", rest);
  return absl::StrCat("no capacity is offered by ", absl::StrJoin(workers, ", "), rest);
}

std::string DescribeScoring(int num_scoring, const Roster& roster, absl::string_view last_error) {
  const std::vector<std::string> services = roster.Ids(MemberRole::kReward);
  const std::string error = last_error.empty() ? "" : absl::StrCat("; last error: ", last_error);
  if (services.empty()) {
    return absl::StrCat("no reward service is registered (", Groups(num_scoring), " to be scored",
                        error, ")");
  }
  return absl::StrCat(Groups(num_scoring), " not scored by ", absl::StrJoin(services, ", "), error);
}

}  // namespace

std::string DescribeStall(const std::vector<const Job*>& jobs, const Roster& roster,
                          const LeaseTable& leases, bool weights_published,
                          absl::string_view last_reward_error) {
  std::map<GroupState::Phase, int> count;
  int64_t num_left = 0;
  for (const Job* job : jobs) {
    num_left += job->num_left;
    for (const GroupState& group : job->groups) ++count[group.phase];
  }
  std::vector<std::string> reasons;
  if (const int waiting = count[GroupState::Phase::kWaiting]; waiting > 0) {
    reasons.push_back(DescribeWaiting(waiting, num_left, roster, weights_published));
  }
  if (count[GroupState::Phase::kLeased] > 0) {
    for (const auto& [client_id, num_groups] : leases.NumGroupsByClient()) {
      reasons.push_back(absl::StrCat(Groups(num_groups), " leased to ", client_id, ", none back"));
    }
  }
  if (const int scoring = count[GroupState::Phase::kScoring]; scoring > 0) {
    reasons.push_back(DescribeScoring(scoring, roster, last_reward_error));
  }
  return absl::StrJoin(reasons, "; ");
}

}  // namespace hone
