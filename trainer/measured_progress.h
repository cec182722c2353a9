// Progress that also tells Prometheus: the stage's position, and the last step's metrics.
// Thread safety: as Progress.
#ifndef HONE_TRAINER_MEASURED_PROGRESS_H_
#define HONE_TRAINER_MEASURED_PROGRESS_H_

#include <memory>

#include "base/metrics.h"
#include "trainer/progress.h"

namespace hone {

// Hands everything on to `shown`. The gauges are hone_trainer_step (of the run), …_policy_version,
// …_stage_step, …_stage_steps, and hone_step_KEY for each KEY of metrics.jsonl, characters that a
// metric's name may not have turned into "_". `registry` is not owned.
std::unique_ptr<Progress> MeasureProgress(std::unique_ptr<Progress> shown,
                                          MetricsRegistry* registry);

}  // namespace hone

#endif  // HONE_TRAINER_MEASURED_PROGRESS_H_
