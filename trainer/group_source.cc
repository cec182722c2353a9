#include "trainer/group_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

namespace hone {

Status GroupSource::EnqueueAhead() {
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
  const TrainingState& position = context_.position;
  const Sampling first = jobs_.front();
  jobs_.pop_front();
  StepGroups groups;
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
  SampleRequest request;
  // Each round has a pass over the stage's steps to itself.
  const int64_t first =
      (int64_t{round} * stage_.steps + stage_step) * int64_t{stage_.prompts_per_step};
  for (int64_t index = first; index < first + prompts; ++index) {
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
  return StartSampling(context_, request, step);
}

}  // namespace hone
