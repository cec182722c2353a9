#include "trainer/algorithm/advantage.h"

#include <algorithm>
#include <map>

#include "trainer/algorithm/advantage_grpo.h"
#include "trainer/algorithm/advantage_mean_centered.h"
#include "trainer/algorithm/advantage_reinforce_pp.h"
#include "trainer/algorithm/advantage_reinforce_pp_baseline.h"
#include "trainer/algorithm/advantage_rloo.h"

namespace hone {

std::vector<double> Advantages(const AlgorithmSpec& algorithm, absl::Span<const double> rewards,
                               absl::Span<const int64_t> groups,
                               absl::Span<const int64_t> lengths) {
  const std::string& name = algorithm.advantage;
  if (name == "mean_centered") return WithinGroups(rewards, groups, MeanCenteredAdvantages);
  if (name == "rloo") return WithinGroups(rewards, groups, RlooAdvantages);
  if (name == "reinforce_pp") return ReinforcePpAdvantages(rewards, lengths);
  if (name == "reinforce_pp_baseline") {
    return ReinforcePpBaselineAdvantages(rewards, groups, lengths);
  }
  return WithinGroups(rewards, groups, [&](absl::Span<const double> group) {
    return GrpoAdvantages(group, algorithm.std_epsilon);
  });
}

std::vector<double> WithinGroups(
    absl::Span<const double> rewards, absl::Span<const int64_t> groups,
    absl::FunctionRef<std::vector<double>(absl::Span<const double> rewards)> formula) {
  std::map<int64_t, std::vector<size_t>> members;
  for (size_t i = 0; i < groups.size(); ++i) members[groups[i]].push_back(i);
  std::vector<double> result(rewards.size(), 0.0);
  for (const auto& [group, samples] : members) {
    std::vector<double> part;
    for (const size_t i : samples) part.push_back(rewards[i]);
    part = formula(part);
    for (size_t k = 0; k < samples.size(); ++k) result[samples[k]] = part[k];
  }
  return result;
}

double Mean(absl::Span<const double> rewards) {
  double sum = 0;
  for (const double r : rewards) sum += r;
  return sum / static_cast<double>(rewards.size());
}

bool AllEqual(absl::Span<const double> rewards) {
  return std::all_of(rewards.begin(), rewards.end(), [&](double r) { return r == rewards[0]; });
}

}  // namespace hone
