// From judged groups to what the learner trains on.
#ifndef HONE_TRAINER_BATCH_H_
#define HONE_TRAINER_BATCH_H_

#include <vector>

#include "absl/types/span.h"
#include "config/experiment.h"
#include "data/records.h"
#include "trainer/learner/learner.h"

namespace hone {

// Sequences of one optimiser update with what the loss needs of each, in the order of the groups.
struct TrainBatch {
  std::vector<TrainSequence> sequences;
  std::vector<std::vector<float>> old_logprobs;  // as sampled
  std::vector<double> advantages;
  std::vector<double> weights;  // trainer/algorithm/aggregation.h
};

// Samples on which the verifier failed are left out, also of their group's mean. Sequences without
// advantage are left out unless the loss has a term that acts on them (KL, entropy); they count in
// the denominators all the same.
TrainBatch MakeTrainBatch(const AlgorithmSpec& algorithm, absl::Span<const Group> groups);

}  // namespace hone

#endif  // HONE_TRAINER_BATCH_H_
