#include "trainer/algorithm/aggregation.h"

namespace hone {

std::vector<double> SequenceWeights(const AlgorithmSpec& algorithm,
                                    absl::Span<const int64_t> lengths) {
  double tokens = 0, sequences = 0;
  for (const int64_t length : lengths) {
    tokens += static_cast<double>(length);
    sequences += length > 0;
  }
  std::vector<double> weights;
  for (const int64_t length : lengths) {
    double divisor = tokens;
    if (algorithm.aggregation == "sequence_mean") divisor = sequences * static_cast<double>(length);
    weights.push_back(length > 0 ? 1 / divisor : 0);
  }
  return weights;
}

}  // namespace hone
