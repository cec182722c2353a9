// Where the groups of a `grpo` stage come from: problems to prompts to jobs, ahead of the learner
// as far as max_staleness allows, and with dynamic sampling as many rounds as fill the step.
//
// Every prompt's index in the task is a pure function of its place (step, round, number), so a
// resumed run draws the same ones. What was sampled is accounted for in the step that asked for it,
// trained on or not.
//
// With partial rollouts a step need not use what it asked for. prompts_per_step + partial_rollouts
// prompts are in flight, in the order of their indices; a step takes the first prompts_per_step
// groups that are finished, and the others go on, under newer weights where these come before they
// are done. They are accounted for as issued in the step that asked for them, as consumed in the
// one that took them. A group whose first lease has a version of max_staleness before the step's is
// waited for. That is possible since only carried-over groups can be so old, and there are at most
// prompts_per_step of them. No more prompts are issued than the stage's steps take, so its last
// step leaves none. On resume, carried-over prompts are enqueued anew and sampled from their first
// token.
#ifndef HONE_TRAINER_GROUP_SOURCE_H_
#define HONE_TRAINER_GROUP_SOURCE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "trainer/dynamic_sampling.h"
#include "trainer/stage.h"

namespace hone {

class GroupSource {
 public:
  // All must outlive the source.
  GroupSource(StageContext& context, const GrpoStage& stage, const Task& task)
      : context_(context), stage_(stage), task_(task) {}

  // Keeps generation at most max_staleness versions ahead: the job of step s is enqueued once
  // version s − max_staleness is published, and leases always take the newest version. With partial
  // rollouts: keeps the flight full. To be called before the step in work is counted.
  Status EnqueueAhead();

  // The groups of the step in work. Blocks until they are scored.
  StatusOr<StepGroups> Next();

 private:
  // A prompt that is issued and whose group is not taken.
  struct InFlight {
    CarriedPrompt prompt;
    JobId job = 0;
  };

  StatusOr<Sampling> Enqueue(int64_t stage_step, int64_t step, int round, int64_t prompts);
  StatusOr<SampleRequest> RequestFor(const std::vector<int64_t>& indices);

  Status FillFlight();
  // After a resume.
  Status EnqueueCarried();
  StatusOr<std::vector<Group>> TakeFinished();
  // As consumed, each under the version that it was issued with.
  Status RecordConsumed(absl::Span<const Group> groups);

  StageContext& context_;
  const GrpoStage& stage_;
  const Task& task_;
  std::deque<Sampling> jobs_;  // without partial rollouts
  int64_t next_job_step_ = 0;
  std::map<uint64_t, InFlight> flight_;  // by prompt id, so in the order of the indices
};

}  // namespace hone

#endif  // HONE_TRAINER_GROUP_SOURCE_H_
