#include "trainer/coordinator/job_table.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace hone {
namespace {

Status CheckSpec(const GenerateJob& spec) {
  if (spec.prompts.empty()) return absl::InvalidArgumentError("a job needs prompts");
  if (spec.num_samples < 1) return absl::InvalidArgumentError("a job needs num_samples >= 1");
  if (spec.reward.empty()) return absl::InvalidArgumentError("a job needs a reward");
  if (!spec.decode) return absl::InvalidArgumentError("a job needs a decode function");
  for (const Prompt& prompt : spec.prompts) {
    if (prompt.tokens.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("prompt ", prompt.id, " has no tokens"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<JobId> JobTable::Add(GenerateJob spec) {
  HONE_RETURN_IF_ERROR(CheckSpec(spec));
  if (by_prompt_id_.size() + spec.prompts.size() > static_cast<size_t>(max_groups_)) {
    return absl::ResourceExhaustedError(absl::StrCat("a job of ", spec.prompts.size(),
                                                     " groups on top of ", by_prompt_id_.size(),
                                                     " pending ones: at most ", max_groups_));
  }
  absl::flat_hash_set<uint64_t> ids;
  for (const Prompt& prompt : spec.prompts) {
    if (by_prompt_id_.contains(prompt.id) || !ids.insert(prompt.id).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("prompt id ", prompt.id, " is pending already"));
    }
  }
  const JobId id = ++last_id_;
  Job& job = jobs_[id];
  job.groups.resize(spec.prompts.size());
  job.num_left = std::ssize(spec.prompts);
  for (int i = 0; i < static_cast<int>(spec.prompts.size()); ++i) {
    by_prompt_id_[spec.prompts[i].id] = {id, i};
    waiting_.insert({id, i});
  }
  job.spec = std::make_shared<const GenerateJob>(std::move(spec));
  return id;
}

std::optional<std::vector<GroupRef>> JobTable::FindScored(const SomeGroups& some) const {
  std::vector<GroupRef> found, others;
  int64_t num_left = 0;
  for (const JobId id : some.jobs) {
    const Job& job = jobs_.at(id);
    num_left += job.num_left;
    for (int i = 0; i < static_cast<int>(job.groups.size()); ++i) {
      const GroupState& group = job.groups[i];
      if (group.phase == GroupState::Phase::kTaken) continue;
      const bool too_old =
          group.oldest_version.has_value() && *group.oldest_version < some.keep_from;
      if (group.phase == GroupState::Phase::kScored) {
        (too_old ? found : others).push_back({id, i});
      } else if (too_old) {
        return std::nullopt;
      }
    }
  }
  const int64_t count = std::min(some.count, num_left);
  if (std::ssize(found) + std::ssize(others) < count) return std::nullopt;
  if (std::ssize(found) < count) {
    found.insert(found.end(), others.begin(), others.begin() + (count - std::ssize(found)));
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<Group> JobTable::Take(const std::vector<GroupRef>& refs) {
  std::vector<Group> groups;
  for (const GroupRef& ref : refs) {
    Job& job = *Find(ref.job);
    GroupState& state = job.groups[ref.index];
    groups.push_back({.prompt = job.spec->prompts[ref.index],
                      .policy_version = *state.policy_version,
                      .completions = *state.completions,
                      .scores = std::move(state.scores)});
    state = GroupState();
    state.phase = GroupState::Phase::kTaken;
    by_prompt_id_.erase(groups.back().prompt.id);
    job.num_scored -= job.spec->num_samples;
    if (--job.num_left == 0) Remove(ref.job);
  }
  return groups;
}

void JobTable::Remove(JobId id) {
  const Job& job = *Find(id);
  for (int i = 0; i < static_cast<int>(job.groups.size()); ++i) {
    by_prompt_id_.erase(job.spec->prompts[i].id);
    waiting_.erase({id, i});
  }
  jobs_.erase(id);
}

Job* JobTable::Find(JobId id) {
  const auto it = jobs_.find(id);
  return it == jobs_.end() ? nullptr : &it->second;
}

GroupState* JobTable::Find(const GroupRef& ref) {
  Job* job = Find(ref.job);
  return job == nullptr ? nullptr : &job->groups[ref.index];
}

std::optional<GroupRef> JobTable::FindPrompt(uint64_t prompt_id) const {
  const auto it = by_prompt_id_.find(prompt_id);
  if (it == by_prompt_id_.end()) return std::nullopt;
  return it->second;
}

std::vector<GroupRef> JobTable::TakeWaiting(int free_sequences, int max_groups, bool at_least_one,
                                            uint64_t lease_id, uint64_t policy_version) {
  std::vector<GroupRef> taken;
  while (!waiting_.empty() && static_cast<int>(taken.size()) < max_groups) {
    const GroupRef ref = *waiting_.begin();
    // One lease has one set of sampling parameters, so one job.
    if (!taken.empty() && ref.job != taken[0].job) break;
    const GenerateJob& spec = *Find(ref.job)->spec;
    const int num_samples = spec.num_samples;
    if (num_samples > free_sequences && !(at_least_one && taken.empty())) break;
    free_sequences -= num_samples;
    GroupState& group = *Find(ref);
    group.phase = GroupState::Phase::kLeased;
    group.lease_id = lease_id;
    if (!spec.follow_weights || !group.oldest_version) group.oldest_version = policy_version;
    group.policy_version = policy_version;
    waiting_.erase(waiting_.begin());
    taken.push_back(ref);
  }
  return taken;
}

void JobTable::PutBack(const GroupRef& ref, uint64_t lease_id) {
  GroupState* group = Find(ref);
  if (group == nullptr || group->phase != GroupState::Phase::kLeased ||
      group->lease_id != lease_id) {
    return;
  }
  group->phase = GroupState::Phase::kWaiting;
  waiting_.insert(ref);
}

Status JobTable::CheckCompletions(const GroupRef& ref,
                                  const std::vector<Completion>& completions) const {
  const GenerateJob& spec = *jobs_.at(ref.job).spec;
  const uint64_t prompt_id = spec.prompts[ref.index].id;
  if (static_cast<int>(completions.size()) != spec.num_samples) {
    return absl::InvalidArgumentError(absl::StrCat("group ", prompt_id, " has ", completions.size(),
                                                   " completions, wanted ", spec.num_samples));
  }
  for (const Completion& completion : completions) {
    const int num_tokens = static_cast<int>(completion.tokens.size());
    if (num_tokens < 1 || num_tokens > spec.sampling.max_tokens) {
      return absl::InvalidArgumentError(
          absl::StrCat("group ", prompt_id, ", sample ", completion.sample_index, " has ",
                       num_tokens, " tokens, wanted 1 to ", spec.sampling.max_tokens));
    }
    if (completion.versions.empty()) continue;
    const uint64_t leased = jobs_.at(ref.job).groups[ref.index].oldest_version.value_or(0);
    if (!spec.follow_weights || completion.versions.front().version < leased) {
      return absl::InvalidArgumentError(absl::StrCat(
          "group ", prompt_id, ", sample ", completion.sample_index, " begins with version ",
          completion.versions.front().version,
          spec.follow_weights ? ", older than its lease's, " : ", wanted only ", leased));
    }
  }
  return absl::OkStatus();
}

void JobTable::Accept(const GroupRef& ref, uint64_t policy_version,
                      std::vector<Completion> completions) {
  GroupState& group = *Find(ref);
  waiting_.erase(ref);
  group.policy_version = policy_version;
  group.phase = GroupState::Phase::kScoring;
  group.scores.resize(completions.size());
  group.completions = std::make_shared<const std::vector<Completion>>(std::move(completions));
}

void JobTable::SetScore(const GroupRef& ref, int sample_index, Score score) {
  GroupState& group = *Find(ref);
  group.scores[sample_index] = std::move(score);
  ++Find(ref.job)->num_scored;
  if (++group.num_scored == static_cast<int>(group.scores.size())) {
    group.phase = GroupState::Phase::kScored;
  }
}

}  // namespace hone
