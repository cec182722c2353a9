// From judged groups to what the learner trains on.
#ifndef HONE_TRAINER_BATCH_H_
#define HONE_TRAINER_BATCH_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "config/experiment.h"
#include "data/records.h"
#include "trainer/algorithm/loss.h"
#include "trainer/learner/learner.h"

namespace hone {

// Sequences with what the loss needs of each, [sequences] all, in the order of the groups.
struct TrainBatch {
  std::vector<TrainSequence> sequences;
  std::vector<int64_t> groups;  // index of the group
  std::vector<double> rewards;  // the overlong penalty included
  std::vector<double> advantages;
  std::vector<double> weights;                       // trainer/algorithm/aggregation.h
  std::vector<std::vector<float>> rollout_logprobs;  // as sampled
  std::vector<uint64_t> oldest_versions;             // of the weights that sampled
  // Of the learner before the step's first update; empty where they are those of the rollout.
  std::vector<std::vector<float>> old_logprobs;
  std::vector<std::vector<float>> ref_logprobs;  // of the reference policy; empty without one

  // What the loss sees of sequence i, for which the learner says `tokens`.
  PolicyTokens<float> Tokens(int64_t i, const TokenLogProbs& tokens) const;
};

// The samples of a whole step, without advantages and weights. Left out are those on which the
// verifier failed, also of their group's mean. `max_tokens` is the longest completion allowed.
TrainBatch MakeStepBatch(const AlgorithmSpec& algorithm, absl::Span<const Group> groups,
                         int64_t max_tokens);

// Fills in the advantages; over the whole step, because some are relative to all of its samples.
void SetAdvantages(const AlgorithmSpec& algorithm, TrainBatch* step);

// The part of one optimiser update, groups [begin, end) of the step, with weights. Sequences
// without advantage are left out unless the loss has a term that acts on them (KL, entropy); they
// count in the denominators all the same.
TrainBatch MakeMinibatch(const AlgorithmSpec& algorithm, const TrainBatch& step, int64_t begin,
                         int64_t end, int64_t max_tokens);

}  // namespace hone

#endif  // HONE_TRAINER_BATCH_H_
