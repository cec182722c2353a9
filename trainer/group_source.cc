#include "trainer/group_source.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

namespace hone {

Status GroupSource::EnqueueAhead() {
  if (stage_.partial_rollouts > 0) return FillFlight();
  const TrainingState& position = context_.position;
  while (next_job_step_ <=
         std::min<int64_t>(position.stage_step + stage_.max_staleness, stage_.steps - 1)) {
    if (next_job_step_ < position.stage_step) next_job_step_ = position.stage_step;
    const int64_t step = position.step + 1 + next_job_step_ - position.stage_step;
    HONE_ASSIGN_OR_RETURN(const Sampling sampling,
                          Enqueue(next_job_step_, step, 0, stage_.prompts_per_step));
    jobs_.push_back(sampling);
    ++next_job_step_;
  }
  return absl::OkStatus();
}

StatusOr<StepGroups> GroupSource::Next() {
  StepGroups groups;
  if (stage_.partial_rollouts > 0) {
    HONE_ASSIGN_OR_RETURN(groups.train, TakeFinished());
    HONE_RETURN_IF_ERROR(StoreRollouts(context_, groups.All(), "train"));
    return groups;
  }
  const TrainingState& position = context_.position;
  const Sampling first = jobs_.front();
  jobs_.pop_front();
  if (!stage_.algorithm.dynamic_sampling) {
    HONE_ASSIGN_OR_RETURN(groups.train, FinishSampling(context_, first, "train"));
  } else {
    const auto sample = [&](int round, int64_t prompts) -> StatusOr<std::vector<Group>> {
      if (round == 0) return FinishSampling(context_, first, "train");
      HONE_ASSIGN_OR_RETURN(const Sampling more,
                            Enqueue(position.stage_step, position.step, round, prompts));
      return FinishSampling(context_, more, "train");
    };
    HONE_ASSIGN_OR_RETURN(groups,
                          SampleUntilFull(stage_.algorithm, stage_.prompts_per_step, sample));
    const int kept = static_cast<int>(groups.train.size());
    if (kept < stage_.prompts_per_step) {
      context_.progress.Say(
          absl::StrFormat("step %d: only %d of %d groups have rewards that differ, after %d rounds",
                          position.step, kept, stage_.prompts_per_step, groups.rounds));
    }
  }
  HONE_RETURN_IF_ERROR(StoreRollouts(context_, groups.All(), "train"));
  return groups;
}

StatusOr<Sampling> GroupSource::Enqueue(int64_t stage_step, int64_t step, int round,
                                        int64_t prompts) {
  // Each round has a pass over the stage's steps to itself.
  std::vector<int64_t> indices(prompts);
  std::iota(indices.begin(), indices.end(),
            (int64_t{round} * stage_.steps + stage_step) * int64_t{stage_.prompts_per_step});
  HONE_ASSIGN_OR_RETURN(const SampleRequest request, RequestFor(indices));
  return StartSampling(context_, request, step);
}

StatusOr<SampleRequest> GroupSource::RequestFor(const std::vector<int64_t>& indices) {
  SampleRequest request;
  for (const int64_t index : indices) {
    HONE_ASSIGN_OR_RETURN(Problem problem, task_.TrainProblem(context_.experiment.seed, index));
    HONE_ASSIGN_OR_RETURN(Prompt prompt,
                          MakePrompt(context_.tokenizer, std::move(problem),
                                     PromptId(context_.position.stage, false, index)));
    request.prompts.push_back(std::move(prompt));
  }
  request.num_samples = stage_.samples_per_prompt;
  request.sampling.temperature = static_cast<float>(stage_.sampling.temperature);
  request.sampling.top_p = static_cast<float>(stage_.sampling.top_p);
  request.sampling.top_k = stage_.sampling.top_k;
  request.sampling.max_tokens = stage_.sampling.max_tokens;
  // Where samples may be old anyway, the rest of a long one is better made by the newest weights.
  request.follow_weights = stage_.max_staleness > 0;
  request.reward = stage_.reward;
  return request;
}

Status GroupSource::FillFlight() {
  const TrainingState& position = context_.position;
  if (flight_.empty() && !position.carried.empty()) HONE_RETURN_IF_ERROR(EnqueueCarried());
  const int64_t per_step = stage_.prompts_per_step;
  const int64_t taken = position.stage_step * per_step;
  const int64_t issued = taken + std::ssize(flight_);
  const int64_t wanted =
      std::min(stage_.steps * per_step, taken + per_step + stage_.partial_rollouts);
  std::vector<int64_t> indices(wanted - issued);
  if (indices.empty()) return absl::OkStatus();
  std::iota(indices.begin(), indices.end(), issued);
  HONE_ASSIGN_OR_RETURN(const SampleRequest request, RequestFor(indices));
  HONE_ASSIGN_OR_RETURN(const Sampling sampling,
                        StartSampling(context_, request, position.step + 1));
  for (size_t i = 0; i < indices.size(); ++i) {
    flight_[request.prompts[i].id] = {{indices[i], sampling.issued_version}, sampling.job};
  }
  return absl::OkStatus();
}

Status GroupSource::EnqueueCarried() {
  const std::vector<CarriedPrompt>& carried = context_.position.carried;
  std::vector<int64_t> indices;
  for (const CarriedPrompt& prompt : carried) indices.push_back(prompt.index);
  HONE_ASSIGN_OR_RETURN(const SampleRequest request, RequestFor(indices));
  HONE_ASSIGN_OR_RETURN(const JobId job, EnqueueRequest(context_, request));
  for (size_t i = 0; i < carried.size(); ++i) flight_[request.prompts[i].id] = {carried[i], job};
  return absl::OkStatus();
}

StatusOr<std::vector<Group>> GroupSource::TakeFinished() {
  TrainingState& position = context_.position;
  SomeGroups some{.jobs = {}, .count = stage_.prompts_per_step};
  for (const auto& [id, in_flight] : flight_) {
    // Those of a job follow one another.
    if (some.jobs.empty() || some.jobs.back() != in_flight.job) some.jobs.push_back(in_flight.job);
  }
  // What is left must not be too old for the step after this one.
  const uint64_t next_version = position.policy_version + 1;
  some.keep_from = next_version - std::min<uint64_t>(next_version, stage_.max_staleness);
  HONE_ASSIGN_OR_RETURN(std::vector<Group> groups,
                        context_.coordinator.WaitForSome(some, ShowSamples(context_, "train")));
  HONE_RETURN_IF_ERROR(RecordConsumed(groups));
  HONE_RETURN_IF_ERROR(CountWork(context_, position.step));
  for (const Group& group : groups) flight_.erase(group.prompt.id);
  position.carried.clear();
  for (const auto& [id, in_flight] : flight_) position.carried.push_back(in_flight.prompt);
  return groups;
}

Status GroupSource::RecordConsumed(absl::Span<const Group> groups) {
  const auto issued_version = [&](const Group& group) {
    return flight_.at(group.prompt.id).prompt.issued_version;
  };
  while (!groups.empty()) {
    const uint64_t version = issued_version(groups[0]);
    size_t count = 1;
    while (count < groups.size() && issued_version(groups[count]) == version) ++count;
    HONE_RETURN_IF_ERROR(
        context_.ledger.RecordConsumed(context_.position.step, version, groups.subspan(0, count)));
    groups.remove_prefix(count);
  }
  return absl::OkStatus();
}

}  // namespace hone
