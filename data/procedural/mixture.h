// A mixture of procedural tasks: each problem is of one of them, by their weights. Problem i of
// training is problem i of the task that is drawn for i, and so are demonstrations. The held-out
// sets of all are merged by the same weights, so that any first part of the whole is mixed like it;
// where one of them is used up, the others go on.
//
// The reward is `procedural`, which a record tells its task; Countdown's gets a "task" here.
#ifndef HONE_DATA_PROCEDURAL_MIXTURE_H_
#define HONE_DATA_PROCEDURAL_MIXTURE_H_

#include <memory>
#include <vector>

#include "base/status.h"
#include "config/procedural_spec.h"
#include "data/task.h"

namespace hone {

// At least one part, each with a weight above 0. InvalidArgument as MakeProcedural, with the part.
StatusOr<std::unique_ptr<Task>> MakeMixture(const std::vector<MixturePart>& parts);

}  // namespace hone

#endif  // HONE_DATA_PROCEDURAL_MIXTURE_H_
