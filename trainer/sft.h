// The `sft` stage: maximum likelihood on a task's demonstrations; prompts carry no loss.
#ifndef HONE_TRAINER_SFT_H_
#define HONE_TRAINER_SFT_H_

#include "base/status.h"
#include "trainer/stage.h"

namespace hone {

// Loss of a step: −Σ log π(token) / tokens, over the completions' tokens of the whole step, the end
// token included. Continues at context.position.stage_step.
Status RunSft(StageContext& context, const SftStage& stage);

}  // namespace hone

#endif  // HONE_TRAINER_SFT_H_
