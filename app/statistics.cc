#include "app/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/philox.h"

namespace hone {
namespace {

constexpr int kResamples = 2000;
constexpr uint64_t kStream = uint64_t{0xB0} << 56;

double Mean(absl::Span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

double PassAtK(int n, int correct, int k) {
  if (n - correct < k) return 1;
  double all_wrong = 1;
  for (int i = n - correct + 1; i <= n; ++i) all_wrong *= 1 - static_cast<double>(k) / i;
  return 1 - all_wrong;
}

bool MajorityIsCorrect(absl::Span<const Vote> votes) {
  absl::flat_hash_map<std::string, int> counts;
  int most = 0;
  for (const Vote& vote : votes) {
    if (!vote.answer.empty()) most = std::max(most, ++counts[vote.answer]);
  }
  for (const Vote& vote : votes) {
    if (!vote.answer.empty() && counts[vote.answer] == most) return vote.correct;
  }
  return false;
}

Estimate MeanWithInterval(absl::Span<const double> values, uint64_t seed) {
  if (values.empty()) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    return {kNan, kNan, kNan};
  }
  Random random(seed, kStream);
  std::vector<double> means(kResamples);
  for (double& mean : means) {
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      sum += values[random.Below(static_cast<uint32_t>(values.size()))];
    }
    mean = sum / static_cast<double>(values.size());
  }
  std::sort(means.begin(), means.end());
  const auto quantile = [&](double q) { return means[std::lround(q * (kResamples - 1))]; };
  return {Mean(values), quantile(0.025), quantile(0.975)};
}

}  // namespace hone
