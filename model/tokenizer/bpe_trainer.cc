#include "model/tokenizer/bpe_trainer.h"

#include <queue>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace hone {
namespace {

using Pair = std::pair<int32_t, int32_t>;

// Counts of all neighbouring pairs, kept up to date while words are merged.
class PairCounts {
 public:
  void AddWord(const TrainingWord& word, int index) {
    for (size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      const Pair pair(word.symbols[i], word.symbols[i + 1]);
      Change(pair, word.count);
      words_[pair].insert(index);
    }
  }

  // The best pair with its count; a count of 0 when none is left.
  std::pair<Pair, int64_t> Best() {
    for (const Pair& pair : raised_) queue_.push({counts_[pair], pair});
    raised_.clear();
    while (!queue_.empty()) {
      const Entry top = queue_.top();
      const int64_t current = counts_[top.pair];
      if (current == top.count && current > 0) return {top.pair, current};
      // The count fell since the entry was made. Had it risen, a newer entry would stand above.
      queue_.pop();
      if (current > 0) queue_.push({current, top.pair});
    }
    return {{}, 0};
  }

  void Merge(Pair pair, int32_t merged, std::vector<TrainingWord>* words) {
    for (const int index : std::exchange(words_[pair], {})) {
      TrainingWord& word = (*words)[index];
      Count(word, -word.count);
      size_t size = 0;
      for (size_t i = 0; i < word.symbols.size(); ++i, ++size) {
        const bool match = i + 1 < word.symbols.size() && word.symbols[i] == pair.first &&
                           word.symbols[i + 1] == pair.second;
        word.symbols[size] = match ? merged : word.symbols[i];
        i += match;
      }
      word.symbols.resize(size);
      Count(word, word.count);
      for (size_t i = 0; i + 1 < size; ++i) {
        words_[{word.symbols[i], word.symbols[i + 1]}].insert(index);
      }
    }
  }

 private:
  struct Entry {
    int64_t count;
    Pair pair;
    // The queue's top is the largest: the highest count, then the smallest pair.
    bool operator<(const Entry& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };

  void Count(const TrainingWord& word, int64_t by) {
    for (size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      Change({word.symbols[i], word.symbols[i + 1]}, by);
    }
  }

  void Change(Pair pair, int64_t by) {
    counts_[pair] += by;
    if (by > 0) raised_.insert(pair);
  }

  absl::flat_hash_map<Pair, int64_t> counts_;
  absl::flat_hash_map<Pair, absl::flat_hash_set<int>> words_;  // a superset of where it occurs
  absl::flat_hash_set<Pair> raised_;  // not yet queued with their new counts
  std::priority_queue<Entry> queue_;
};

}  // namespace

BpeVocabulary LearnMerges(std::vector<std::string> base_tokens, std::vector<TrainingWord> words,
                          int num_tokens) {
  BpeVocabulary result{std::move(base_tokens), {}};
  absl::flat_hash_map<std::string, int32_t> ids;
  for (size_t id = 0; id < result.tokens.size(); ++id) {
    ids.emplace(result.tokens[id], static_cast<int32_t>(id));
  }
  PairCounts counts;
  for (size_t i = 0; i < words.size(); ++i) counts.AddWord(words[i], static_cast<int>(i));
  while (static_cast<int>(result.tokens.size()) < num_tokens) {
    const auto [pair, count] = counts.Best();
    if (count < 2) break;
    // Two ways to the same text share its token.
    const std::string text = result.tokens[pair.first] + result.tokens[pair.second];
    const auto [entry, is_new] = ids.emplace(text, static_cast<int32_t>(result.tokens.size()));
    if (is_new) result.tokens.push_back(text);
    result.merges.push_back(pair);
    counts.Merge(pair, entry->second, &words);
  }
  return result;
}

}  // namespace hone
