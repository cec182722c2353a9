#include "trainer/algorithm/aggregation.h"

namespace hone {

std::vector<double> SequenceWeights(const AlgorithmSpec& algorithm,
                                    absl::Span<const int64_t> lengths, int64_t max_tokens) {
  double tokens = 0, sequences = 0;
  for (const int64_t length : lengths) {
    tokens += static_cast<double>(length);
    sequences += length > 0;
  }
  double divisor = tokens;
  if (algorithm.aggregation == "constant") {
    divisor = algorithm.denominator.value_or(sequences * static_cast<double>(max_tokens));
  }
  std::vector<double> weights;
  for (const int64_t length : lengths) {
    if (algorithm.aggregation == "sequence_mean") divisor = sequences * static_cast<double>(length);
    weights.push_back(length > 0 ? 1 / divisor : 0);
  }
  return weights;
}

}  // namespace hone
