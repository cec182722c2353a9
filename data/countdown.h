// The Countdown task: "reach 24 from 3, 5 and 8". A problem's answer is the record that the
// verifier reads, {"numbers":[3,5,8],"target":24}, the numbers in the prompt's order.
//
// A demonstration shows how to search, and searches badly, so that reinforcement learning has
// something to improve: random tries, one a line, each with its steps, the target again beside its
// result (a small model does not notice the match otherwise), and a mark:
//   3*5=15,15-8=7~24x
//   3*5=15,15+8=23~24x
// It stops at a success or gives up; the answer is the last try's expression, right or wrong.
#ifndef HONE_DATA_COUNTDOWN_H_
#define HONE_DATA_COUNTDOWN_H_

#include <memory>

#include "base/status.h"
#include "config/task_spec.h"
#include "data/task.h"

namespace hone {

// InvalidArgument for ranges that make no sense, or that hold fewer problems than are held out and
// one for training (it says how many there are).
StatusOr<std::unique_ptr<Task>> MakeCountdown(const CountdownSpec& spec);

}  // namespace hone

#endif  // HONE_DATA_COUNTDOWN_H_
