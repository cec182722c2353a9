#include "trainer/sample_metrics.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "data/run_folder.h"

namespace hone {
namespace {

struct SampleSums {
  double samples = 0;
  double outcomes[kOutcomes.size()] = {};
  // Over the judged samples:
  double judged = 0;
  double reward = 0, reward_squares = 0, length = 0, prompt_tokens = 0, truncated = 0;
  std::vector<double> terms;

  void Add(const Group& group, size_t i) {
    const Score& score = group.scores[i];
    ++samples;
    ++outcomes[static_cast<size_t>(score.outcome)];
    if (IsVerifierFailure(score.outcome)) return;
    ++judged;
    reward += score.reward;
    reward_squares += score.reward * score.reward;
    length += static_cast<double>(group.completions[i].tokens.size());
    prompt_tokens += static_cast<double>(group.prompt.tokens.size());
    truncated += group.completions[i].finish_reason == FinishReason::kLength;
    for (size_t t = 0; t < terms.size(); ++t) {
      // A score that lacks a component leaves no mean of it.
      terms[t] += t < score.components.size() ? score.components[t]
                                              : std::numeric_limits<double>::quiet_NaN();
    }
  }

  double Count(Outcome outcome) const { return outcomes[static_cast<size_t>(outcome)]; }
};

}  // namespace

std::vector<std::pair<std::string, double>> DescribeSamples(
    absl::Span<const Group* const> groups, absl::Span<const std::string> term_names) {
  SampleSums sums;
  sums.terms.resize(term_names.size());
  for (const Group* group : groups) {
    for (size_t i = 0; i < group->scores.size(); ++i) sums.Add(*group, i);
  }
  const double mean = sums.reward / sums.judged;
  const double variance = sums.reward_squares / sums.judged - mean * mean;
  std::vector<std::pair<std::string, double>> values = {
      {"reward_mean", mean},
      {"reward_std", std::sqrt(variance < 0 ? 0 : variance)},
      {"accuracy", sums.Count(Outcome::kCorrect) / sums.judged},
      {"format_rate", (sums.judged - sums.Count(Outcome::kUnparseable)) / sums.judged},
      {"response_length_mean", sums.length / sums.judged},
      {"truncated_rate", sums.truncated / sums.judged}};
  for (size_t t = 0; t < term_names.size(); ++t) {
    values.emplace_back(absl::StrCat(kTermMetricPrefix, term_names[t]),
                        sums.terms[t] / sums.judged);
  }
  for (const Outcome outcome : kOutcomes) {
    values.emplace_back(absl::StrCat(kOutcomeMetricPrefix, Name(outcome)),
                        sums.Count(outcome) / sums.samples);
  }
  values.emplace_back("tokens", sums.length + sums.prompt_tokens);
  values.emplace_back("verifier_failures",
                      sums.Count(Outcome::kTimeout) + sums.Count(Outcome::kError));
  return values;
}

}  // namespace hone
