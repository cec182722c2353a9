// The `grpo` stage: reinforcement learning from verifiable rewards, R1-Zero style.
#ifndef HONE_TRAINER_GRPO_H_
#define HONE_TRAINER_GRPO_H_

#include "base/status.h"
#include "trainer/stage.h"

namespace hone {

// Continues at context.position.stage_step. With max_staleness 0 the result is a pure function of
// the experiment; with n > 0 generation runs up to n versions ahead of the learner.
Status RunGrpo(StageContext& context, const GrpoStage& stage);

}  // namespace hone

#endif  // HONE_TRAINER_GRPO_H_
