#include "trainer/algorithm/advantage_rloo.h"

#include "trainer/algorithm/advantage.h"

namespace hone {

std::vector<double> RlooAdvantages(absl::Span<const double> rewards) {
  const double n = static_cast<double>(rewards.size());
  std::vector<double> advantages(rewards.size(), 0.0);
  if (AllEqual(rewards)) return advantages;
  const double mean = Mean(rewards);
  for (size_t i = 0; i < rewards.size(); ++i) advantages[i] = n / (n - 1) * (rewards[i] - mean);
  return advantages;
}

}  // namespace hone
