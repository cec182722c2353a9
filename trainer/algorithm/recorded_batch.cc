#include "trainer/algorithm/recorded_batch.h"

#include <algorithm>

#include "trainer/algorithm/advantage.h"
#include "trainer/algorithm/aggregation.h"
#include "trainer/algorithm/kl.h"
#include "trainer/algorithm/loss.h"

namespace hone {
namespace {

// The entries of a row that carry loss; none for a field that is not given.
std::vector<double> Select(const RecordedBatch& batch, const Rows& rows, size_t i) {
  std::vector<double> selected;
  for (size_t t = 0; !rows.empty() && t < rows[i].size(); ++t) {
    if (batch.mask[i][t]) selected.push_back(rows[i][t]);
  }
  return selected;
}

// The reverse: zeros where nothing carries loss.
std::vector<double> Spread(const std::vector<bool>& mask, const std::vector<double>& selected) {
  std::vector<double> row(mask.size(), 0.0);
  size_t next = 0;
  for (size_t t = 0; t < mask.size(); ++t) {
    if (mask[t]) row[t] = selected[next++];
  }
  return row;
}

std::vector<double> FinalRewards(const RecordedBatch& batch) {
  std::vector<double> rewards = batch.rewards;
  if (batch.algorithm.kl_in != "reward" || batch.ref_logprobs.empty()) return rewards;
  for (size_t i = 0; i < rewards.size(); ++i) {
    rewards[i] -= KlPenalty<double>(batch.algorithm, Select(batch, batch.old_logprobs, i),
                                    Select(batch, batch.ref_logprobs, i));
  }
  return rewards;
}

}  // namespace

LossReport Evaluate(const RecordedBatch& batch) {
  std::vector<int64_t> lengths;
  size_t longest = 0;
  for (const auto& row : batch.mask) {
    lengths.push_back(std::count(row.begin(), row.end(), true));
    longest = std::max(longest, row.size());
  }
  const std::vector<double> rewards = FinalRewards(batch);
  const std::vector<double> weights =
      SequenceWeights(batch.algorithm, lengths, static_cast<int64_t>(longest));
  LossReport report;
  report.advantages = Advantages(batch.algorithm, rewards, batch.groups, lengths);
  LossTerms terms;
  for (size_t i = 0; i < lengths.size(); ++i) {
    const std::vector<double> logprobs = Select(batch, batch.logprobs, i),
                              old = Select(batch, batch.old_logprobs, i),
                              rollout = Select(batch, batch.rollout_logprobs, i),
                              ref = Select(batch, batch.ref_logprobs, i),
                              entropies = Select(batch, batch.entropies, i);
    std::vector<double> dlogprobs(logprobs.size()), dentropies(logprobs.size());
    terms += SequenceLoss<double>(
        batch.algorithm, {logprobs, old, rollout, ref, entropies, report.advantages[i], weights[i]},
        absl::MakeSpan(dlogprobs), absl::MakeSpan(dentropies));
    report.gradient.push_back(Spread(batch.mask[i], dlogprobs));
    if (!batch.entropies.empty()) {
      report.entropy_gradient.push_back(Spread(batch.mask[i], dentropies));
    }
  }
  report.loss = terms.loss;
  const double tokens = std::max<double>(1, static_cast<double>(terms.tokens));
  report.metrics = {{"tokens", static_cast<double>(terms.tokens)},
                    {"clip_fraction", terms.clipped / tokens}};
  if (!batch.ref_logprobs.empty()) report.metrics.emplace_back("kl", terms.kl / tokens);
  if (!batch.entropies.empty()) report.metrics.emplace_back("entropy", terms.entropy / tokens);
  if (batch.algorithm.correction != "none") {
    report.metrics.emplace_back("correction", terms.correction / tokens);
  }
  return report;
}

}  // namespace hone
