// Dynamic sampling (DAPO, Yu et al. 2025, arXiv 2503.14476): groups whose rewards are all equal
// have no gradient; they are dropped, and others sampled in their place until the batch is full.
//
// Rewards are compared before the overlong penalty: as in the paper, it is right and wrong answers
// that a group must have. A group of which the verifier judged fewer than two samples is dropped.
#ifndef HONE_TRAINER_DYNAMIC_SAMPLING_H_
#define HONE_TRAINER_DYNAMIC_SAMPLING_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/status.h"
#include "config/experiment.h"
#include "data/records.h"

namespace hone {

// What was sampled for one step.
struct StepGroups {
  std::vector<Group> train;
  std::vector<Group> dropped;  // without a difference to learn from, or more than were wanted
  int rounds = 1;

  std::vector<const Group*> All() const;
};

// Samples so many prompts; rounds count from 0.
using SampleRound = absl::FunctionRef<StatusOr<std::vector<Group>>(int round, int64_t num_prompts)>;

// Rounds of samples until `wanted` groups have contrast. The first asks for `wanted` prompts, the
// others for as many as the yield so far says, at most `wanted`. After max_sampling_rounds it goes
// on with what there is, even nothing: a model that solves all or none of a step's problems is no
// reason to end a run. What is kept, and in which order, depends on the samples alone.
StatusOr<StepGroups> SampleUntilFull(const AlgorithmSpec& algorithm, int64_t wanted,
                                     SampleRound sample);

}  // namespace hone

#endif  // HONE_TRAINER_DYNAMIC_SAMPLING_H_
