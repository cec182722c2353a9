#include "trainer/algorithm/advantage_mean_centered.h"

#include "trainer/algorithm/advantage.h"

namespace hone {

std::vector<double> MeanCenteredAdvantages(absl::Span<const double> rewards) {
  std::vector<double> advantages(rewards.size(), 0.0);
  if (AllEqual(rewards)) return advantages;
  const double mean = Mean(rewards);
  for (size_t i = 0; i < rewards.size(); ++i) advantages[i] = rewards[i] - mean;
  return advantages;
}

}  // namespace hone
