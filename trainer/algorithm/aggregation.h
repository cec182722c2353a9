// From the losses of tokens to one number: the weight w_i of each token of sequence i.
//
//   token_mean      w_i = 1 / Σ_j |o_j|      (DAPO, Yu et al. 2025, arXiv 2503.14476)
//   sequence_mean   w_i = 1 / (N·|o_i|)      (GRPO, Shao et al. 2024, arXiv 2402.03300)
//   constant        w_i = 1 / denominator    (Dr.GRPO, Liu et al. 2025, arXiv 2503.20783);
//                         with none given, 1 / (N · the longest completion that was allowed)
//
// |o_i| is the number of tokens that carry loss, N the number of sequences that have any. Counted
// are all the sequences of an update that the verifier judged, those without advantage included,
// and all their tokens, those included that a correction masks.
#ifndef HONE_TRAINER_ALGORITHM_AGGREGATION_H_
#define HONE_TRAINER_ALGORITHM_AGGREGATION_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "config/experiment.h"

namespace hone {

// w_i of each sequence, for sequences of these lengths; 0 for a sequence without tokens.
// `max_tokens` is the longest completion that was allowed.
std::vector<double> SequenceWeights(const AlgorithmSpec& algorithm,
                                    absl::Span<const int64_t> lengths, int64_t max_tokens);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_AGGREGATION_H_
