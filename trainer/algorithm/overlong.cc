#include "trainer/algorithm/overlong.h"

#include <algorithm>

namespace hone {

double OverlongReward(const AlgorithmSpec& algorithm, int64_t tokens, int64_t max_tokens) {
  const int64_t buffer = algorithm.overlong_buffer_tokens;
  const int64_t over = std::min(tokens - (max_tokens - buffer), buffer);
  if (over <= 0) return 0;
  return -algorithm.overlong_penalty * static_cast<double>(over) / static_cast<double>(buffer);
}

}  // namespace hone
