// Tasks whose problems are made by rule: what all families (exercise.h) have in common.
//
// The answer of a problem is the record {"task":NAME, …} with the family's own members.
//
// Held out is what a hash of the problem's key says: an eighth of all problems, whatever the seed
// and the difficulty, so that no stage of a run trains on what another one measures. The held-out
// set are the first `heldout` of these in a fixed order of draws. With `heldout: 0` all may train.
//
// A demonstration is poor on purpose, so that reinforcement learning has something to improve. It
// makes some attempts at the problem, one a line, each with a mistake now and then. It stops at one
// that looks right, or whose answer came out before, and marks it with "!"; others, but a first one
// that has nothing to be compared with, get an "x". Or it loses patience: the last attempt's answer
// is given, right or wrong.
#ifndef HONE_DATA_PROCEDURAL_PROCEDURAL_TASK_H_
#define HONE_DATA_PROCEDURAL_PROCEDURAL_TASK_H_

#include <memory>

#include "base/status.h"
#include "config/procedural_spec.h"
#include "data/task.h"

namespace hone {

// Any task of ProceduralSpec::Names(), Countdown among them. The spec has passed CheckProcedural
// (config/validate_procedural.h). InvalidArgument when it makes too few problems to hold out so
// many.
StatusOr<std::unique_ptr<Task>> MakeProcedural(const ProceduralSpec& spec);

}  // namespace hone

#endif  // HONE_DATA_PROCEDURAL_PROCEDURAL_TASK_H_
