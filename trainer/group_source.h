// Where the groups of a `grpo` stage come from: problems to prompts to jobs, ahead of the learner
// as far as max_staleness allows, and with dynamic sampling as many rounds as fill the step.
//
// Every prompt's index in the task is a pure function of its place (step, round, number), so a
// resumed run draws the same ones. What was sampled is accounted for in the step that asked for it,
// trained on or not.
#ifndef HONE_TRAINER_GROUP_SOURCE_H_
#define HONE_TRAINER_GROUP_SOURCE_H_

#include <cstdint>
#include <deque>

#include "trainer/dynamic_sampling.h"
#include "trainer/stage.h"

namespace hone {

class GroupSource {
 public:
  // All must outlive the source.
  GroupSource(StageContext& context, const GrpoStage& stage, const Task& task)
      : context_(context), stage_(stage), task_(task) {}

  // Keeps generation at most max_staleness versions ahead: the job of step s is enqueued once
  // version s − max_staleness is published, and leases always take the newest version. To be called
  // before the step in work is counted.
  Status EnqueueAhead();

  // The groups of the step in work. Blocks until they are scored.
  StatusOr<StepGroups> Next();

 private:
  StatusOr<Sampling> Enqueue(int64_t stage_step, int64_t step, int round, int64_t prompts);

  StageContext& context_;
  const GrpoStage& stage_;
  const Task& task_;
  std::deque<Sampling> jobs_;
  int64_t next_job_step_ = 0;
};

}  // namespace hone

#endif  // HONE_TRAINER_GROUP_SOURCE_H_
