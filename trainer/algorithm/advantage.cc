#include "trainer/algorithm/advantage.h"

#include <algorithm>
#include <map>

#include "trainer/algorithm/advantage_grpo.h"

namespace hone {

std::vector<double> Advantages(const AlgorithmSpec& algorithm, absl::Span<const double> rewards,
                               absl::Span<const int64_t> groups) {
  std::map<int64_t, std::vector<size_t>> members;
  for (size_t i = 0; i < groups.size(); ++i) members[groups[i]].push_back(i);
  std::vector<double> advantages(rewards.size(), 0.0);
  for (const auto& [group, samples] : members) {
    std::vector<double> part;
    for (const size_t i : samples) part.push_back(rewards[i]);
    part = GrpoAdvantages(part, algorithm.std_epsilon);
    for (size_t k = 0; k < samples.size(); ++k) advantages[samples[k]] = part[k];
  }
  return advantages;
}

bool AllEqual(absl::Span<const double> rewards) {
  return std::all_of(rewards.begin(), rewards.end(), [&](double r) { return r == rewards[0]; });
}

}  // namespace hone
