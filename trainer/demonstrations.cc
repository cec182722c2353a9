#include "trainer/demonstrations.h"

#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/philox.h"

namespace hone {
namespace {

// Streams of the run's seed for shuffling, one an epoch.
constexpr uint64_t kShuffleStream = uint64_t{0x5f7} << 32;

}  // namespace

DemonstrationReader::DemonstrationReader(const Tokenizer& tokenizer, const Task& task,
                                         const DemonstrationOptions& options, int64_t cursor)
    : tokenizer_(tokenizer),
      task_(task),
      options_(options),
      count_(task.num_demonstrations() > 0 ? task.num_demonstrations() : options.count),
      cursor_(cursor) {}

StatusOr<DemonstrationTokens> DemonstrationReader::Next() {
  const int64_t epoch = cursor_ / count_;
  if (epoch != epoch_) Shuffle(epoch);
  HONE_ASSIGN_OR_RETURN(const Demonstration demonstration,
                        task_.MakeDemonstration(options_.seed, order_[cursor_ % count_]));
  ++cursor_;
  DemonstrationTokens sequence;
  HONE_ASSIGN_OR_RETURN(sequence.tokens,
                        tokenizer_.Encode(demonstration.prompt, demonstration.add_special_tokens));
  sequence.prompt_size = static_cast<int64_t>(sequence.tokens.size());
  HONE_ASSIGN_OR_RETURN(const std::vector<int32_t> completion,
                        tokenizer_.Encode(demonstration.completion, false));
  sequence.tokens.insert(sequence.tokens.end(), completion.begin(), completion.end());
  sequence.tokens.push_back(options_.end_token);
  const int64_t size = static_cast<int64_t>(sequence.tokens.size());
  if (size > options_.context) {
    return absl::InvalidArgumentError(
        absl::StrCat("a demonstration has ", size, " tokens and the model's context is ",
                     options_.context, "; raise model.init.max_position_embeddings, or leave out ",
                     "long records (max_prompt_chars)"));
  }
  return sequence;
}

StatusOr<std::vector<DemonstrationTokens>> DemonstrationReader::NextBatch(int64_t tokens) {
  std::vector<DemonstrationTokens> batch;
  for (int64_t size = 0; size < tokens;) {
    HONE_ASSIGN_OR_RETURN(batch.emplace_back(), Next());
    size += static_cast<int64_t>(batch.back().tokens.size());
  }
  return batch;
}

void DemonstrationReader::Shuffle(int64_t epoch) {
  epoch_ = epoch;
  order_.resize(count_);
  std::iota(order_.begin(), order_.end(), 0);
  Random random(options_.seed, kShuffleStream + epoch);
  random.Shuffle(&order_);
}

}  // namespace hone
