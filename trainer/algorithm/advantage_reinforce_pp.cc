#include "trainer/algorithm/advantage_reinforce_pp.h"

#include <cmath>

#include "trainer/algorithm/advantage.h"

namespace hone {
namespace {

constexpr double kVarianceEpsilon = 1e-8;

}  // namespace

std::vector<double> ReinforcePpAdvantages(absl::Span<const double> rewards,
                                          absl::Span<const int64_t> lengths) {
  std::vector<double> advantages(rewards.size(), 0.0);
  std::vector<double> counted;
  double tokens = 0, sum = 0;
  for (size_t i = 0; i < rewards.size(); ++i) {
    if (lengths[i] > 0) counted.push_back(rewards[i]);
    tokens += static_cast<double>(lengths[i]);
    sum += static_cast<double>(lengths[i]) * rewards[i];
  }
  if (AllEqual(counted)) return advantages;
  const double mean = sum / tokens;
  double squares = 0;
  for (size_t i = 0; i < rewards.size(); ++i) {
    squares += static_cast<double>(lengths[i]) * (rewards[i] - mean) * (rewards[i] - mean);
  }
  const double scale = 1 / std::sqrt(squares / (tokens - 1) + kVarianceEpsilon);
  for (size_t i = 0; i < rewards.size(); ++i) {
    if (lengths[i] > 0) advantages[i] = (rewards[i] - mean) * scale;
  }
  return advantages;
}

}  // namespace hone
