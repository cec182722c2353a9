#include "trainer/algorithm/advantage_grpo.h"

#include <cmath>

#include "trainer/algorithm/advantage.h"

namespace hone {

std::vector<double> GrpoAdvantages(absl::Span<const double> rewards, double std_epsilon) {
  const size_t n = rewards.size();
  std::vector<double> advantages(n, 0.0);
  if (AllEqual(rewards)) return advantages;
  const double mean = Mean(rewards);
  double variance = 0;
  for (const double r : rewards) variance += (r - mean) * (r - mean);
  variance /= static_cast<double>(n - 1);
  const double std = std::sqrt(variance);
  for (size_t i = 0; i < n; ++i) advantages[i] = (rewards[i] - mean) / (std + std_epsilon);
  return advantages;
}

}  // namespace hone
