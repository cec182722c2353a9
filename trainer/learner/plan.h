// How a batch is cut into micro-batches. A plan is a pure function of the sequences' lengths and
// the options: every rank makes the same one, and with a given `multiple` it is the same for any
// number of ranks.
#ifndef HONE_TRAINER_LEARNER_PLAN_H_
#define HONE_TRAINER_LEARNER_PLAN_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/config.h"

namespace hone {

struct PlanOptions {
  int64_t max_tokens = 8192;  // of a micro-batch; a longer sequence has one of its own
  int multiple = 1;           // the number of micro-batches is a multiple of this
};

// Indices of the sequences of each micro-batch, ascending. Their work is near equal: the heaviest
// sequence first goes to the lightest micro-batch that has room (longest processing time first,
// Graham 1969); the heaviest micro-batches come first. Some may be empty, when there are fewer
// sequences than `multiple`.
std::vector<std::vector<int64_t>> PlanMicroBatches(const ModelConfig& config,
                                                   absl::Span<const int64_t> lengths,
                                                   const PlanOptions& options);

// Multiply-adds of one token's way through a sequence of this length, in all: for comparison.
double SequenceWork(const ModelConfig& config, int64_t length);

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_PLAN_H_
