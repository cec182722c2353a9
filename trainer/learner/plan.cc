#include "trainer/learner/plan.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace hone {
namespace {

struct Bin {
  double work = 0;
  int64_t tokens = 0;
  std::vector<int64_t> sequences;
};

// `order`: heaviest first. nullopt when a sequence fits nowhere.
std::optional<std::vector<Bin>> Pack(absl::Span<const int64_t> lengths,
                                     absl::Span<const double> work, absl::Span<const int64_t> order,
                                     int64_t max_tokens, int64_t num_bins) {
  std::vector<Bin> bins(num_bins);
  for (const int64_t i : order) {
    Bin* lightest = nullptr;
    for (Bin& bin : bins) {
      const bool room = bin.sequences.empty() || bin.tokens + lengths[i] <= max_tokens;
      if (room && (lightest == nullptr || bin.work < lightest->work)) lightest = &bin;
    }
    if (lightest == nullptr) return std::nullopt;
    lightest->work += work[i];
    lightest->tokens += lengths[i];
    lightest->sequences.push_back(i);
  }
  return bins;
}

}  // namespace

double SequenceWork(const ModelConfig& config, int64_t length) {
  double block = 0;
  for (const TensorSpec& spec : BlockTensorSpecs(config)) {
    if (spec.shape.size() > 1) block += static_cast<double>(spec.size());
  }
  const double head = static_cast<double>(config.vocab_size) * config.hidden_size;
  const double n = static_cast<double>(length);
  // Each query sees half of the sequence on the mean, for its scores and for its values.
  return n * (config.num_layers * (block + n * config.query_size()) + head);
}

std::vector<std::vector<int64_t>> PlanMicroBatches(const ModelConfig& config,
                                                   absl::Span<const int64_t> lengths,
                                                   const PlanOptions& options) {
  std::vector<double> work;
  for (const int64_t length : lengths) work.push_back(SequenceWork(config, length));
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return work[a] > work[b]; });

  const int64_t multiple = options.multiple;
  const int64_t tokens = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
  const int64_t room = options.max_tokens * multiple;
  int64_t num_bins = multiple * std::max<int64_t>(1, (tokens + room - 1) / room);
  std::optional<std::vector<Bin>> bins;
  // Ends: with a bin for each sequence everything fits.
  while (!(bins = Pack(lengths, work, order, options.max_tokens, num_bins))) num_bins += multiple;

  std::stable_sort(bins->begin(), bins->end(),
                   [](const Bin& a, const Bin& b) { return a.work > b.work; });
  std::vector<std::vector<int64_t>> plan;
  for (Bin& bin : *bins) {
    std::sort(bin.sequences.begin(), bin.sequences.end());
    plan.push_back(std::move(bin.sequences));
  }
  return plan;
}

}  // namespace hone
