// Learning rates over a stage.
#ifndef HONE_TRAINER_SCHEDULE_H_
#define HONE_TRAINER_SCHEDULE_H_

#include <cstdint>

#include "config/experiment.h"

namespace hone {

// The rate of update `step` (from 0) of `total`: linear warm-up from lr/warmup_steps to lr, then
// constant, or down to lr·final_lr_fraction at the last update by a straight line or half a cosine.
double LearningRate(const OptimizerSpec& spec, int64_t step, int64_t total);

}  // namespace hone

#endif  // HONE_TRAINER_SCHEDULE_H_
