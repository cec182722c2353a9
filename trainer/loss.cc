#include "trainer/loss.h"

#include <algorithm>
#include <cmath>

namespace hone {
namespace {

constexpr double kMaxLogRatio = 20;

}  // namespace

std::vector<double> GroupAdvantages(absl::Span<const double> rewards, double std_epsilon) {
  const size_t n = rewards.size();
  std::vector<double> advantages(n, 0.0);
  // Equal rewards are tested as such: their mean need not be exact, and the rounding error over a
  // tiny epsilon would be an advantage out of nothing.
  const auto equal = [&](double r) { return r == rewards[0]; };
  if (n < 2 || std::all_of(rewards.begin(), rewards.end(), equal)) return advantages;
  double mean = 0;
  for (const double r : rewards) mean += r;
  mean /= static_cast<double>(n);
  double variance = 0;
  for (const double r : rewards) variance += (r - mean) * (r - mean);
  variance /= static_cast<double>(n - 1);
  const double std = std::sqrt(variance);
  for (size_t i = 0; i < n; ++i) advantages[i] = (rewards[i] - mean) / (std + std_epsilon);
  return advantages;
}

LossTerms& LossTerms::operator+=(const LossTerms& other) {
  loss += other.loss;
  kl += other.kl;
  clipped += other.clipped;
  entropy += other.entropy;
  tokens += other.tokens;
  return *this;
}

LossTerms PolicyLoss(const AlgorithmSpec& algorithm, const PolicyTokens& tokens,
                     absl::Span<float> dlogprobs, absl::Span<float> dentropies) {
  LossTerms terms;
  const double advantage = tokens.advantage;
  const double low = 1 - algorithm.clip_low, high = 1 + algorithm.clip_high;
  for (size_t t = 0; t < tokens.logprobs.size(); ++t) {
    const double logprob = tokens.logprobs[t];
    const double delta = logprob - tokens.old_logprobs[t];
    const double ratio = std::exp(std::clamp(delta, -kMaxLogRatio, kMaxLogRatio));
    const double plain = ratio * advantage;
    const double clipped = std::clamp(ratio, low, high) * advantage;
    const bool active = plain <= clipped;  // the minimum is the unclipped term
    double loss = -std::min(plain, clipped);
    double gradient = active && std::abs(delta) <= kMaxLogRatio ? -plain : 0;
    if (!tokens.ref_logprobs.empty()) {
      const double d = tokens.ref_logprobs[t] - logprob;
      const double bounded = std::clamp(d, -kMaxLogRatio, kMaxLogRatio);
      const double k3 = std::exp(bounded) - bounded - 1;
      loss += algorithm.kl_coefficient * k3;
      if (d == bounded) gradient += algorithm.kl_coefficient * (1 - std::exp(d));
      terms.kl += k3;
    }
    loss -= algorithm.entropy_coefficient * tokens.entropies[t];
    terms.loss += tokens.weight * loss;
    terms.clipped += !active;
    terms.entropy += tokens.entropies[t];
    dlogprobs[t] = static_cast<float>(tokens.weight * gradient);
    dentropies[t] = static_cast<float>(-tokens.weight * algorithm.entropy_coefficient);
  }
  terms.tokens = static_cast<int64_t>(tokens.logprobs.size());
  return terms;
}

std::vector<double> SequenceWeights(const AlgorithmSpec& algorithm,
                                    absl::Span<const int64_t> lengths) {
  double total = 0;
  for (const int64_t length : lengths) total += static_cast<double>(length);
  std::vector<double> weights;
  for (const int64_t length : lengths) {
    const double n = static_cast<double>(lengths.size()) * static_cast<double>(length);
    weights.push_back(algorithm.aggregation == "sequence_mean" ? 1 / n : 1 / total);
  }
  return weights;
}

}  // namespace hone
