// A whole algorithm on recorded numbers, in fp64: rewards to advantages, then loss and gradient, by
// the functions that train. What `hone loss` shows.
#ifndef HONE_TRAINER_ALGORITHM_RECORDED_BATCH_H_
#define HONE_TRAINER_ALGORITHM_RECORDED_BATCH_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/experiment.h"

namespace hone {

using Rows = std::vector<std::vector<double>>;  // [samples][tokens]; rows may differ in length

struct RecordedBatch {
  AlgorithmSpec algorithm;
  std::vector<double> rewards;  // [samples]
  std::vector<int64_t> groups;  // [samples]; equal numbers are one group
  Rows logprobs, old_logprobs;
  // Without any rows where they are not given. The KL needs the first, a correction the second, an
  // entropy bonus the third.
  Rows ref_logprobs, rollout_logprobs, entropies;
  std::vector<std::vector<bool>> mask;  // of the tokens that carry loss
};

struct LossReport {
  double loss = 0;
  std::vector<double> advantages;  // [samples]
  Rows gradient;                   // of the loss with respect to logprobs; 0 where masked
  Rows entropy_gradient;           // the same for entropies; without rows where none are given
  std::vector<std::pair<std::string, double>> metrics;
};

// Every row of `batch` has the shape of the mask's. The denominator that `constant` falls back to
// takes the longest row for the longest completion that was allowed. Dynamic sampling and the
// overlong penalty come before the numbers and have no part.
LossReport Evaluate(const RecordedBatch& batch);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_RECORDED_BATCH_H_
