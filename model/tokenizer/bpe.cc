#include "model/tokenizer/bpe.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace hone {
namespace {

constexpr size_t kShortWord = 96;  // symbols; below it, looking through all pairs beats a queue

}  // namespace

Bpe::Bpe(BpeModel model)
    : model_(std::move(model)), merges_(model_.merges.size()), words_(model_.tokens.size()) {
  for (size_t rank = 0; rank < model_.merges.size(); ++rank) {
    const BpeMerge& merge = model_.merges[rank];
    // Of a pair that is listed twice, the last counts, as in the reference implementation.
    merges_.Put(merge.left, merge.right, {static_cast<uint32_t>(rank), merge.merged});
  }
  for (const auto& [bytes, id] : model_.tokens) {
    if (!model_.ignore_merges) {
      std::vector<int32_t> symbols = Symbols(bytes);
      MergeAll(&symbols);
      if (symbols.size() != 1 || symbols[0] != id) continue;
    }
    words_.Put(bytes, id);
  }
  model_.tokens = {};
}

void Bpe::Encode(absl::string_view word, std::vector<int32_t>* tokens) const {
  if (const int32_t id = words_.Find(word); id >= 0) {
    tokens->push_back(id);
    return;
  }
  std::vector<int32_t> symbols = Symbols(word);
  MergeAll(&symbols);
  tokens->insert(tokens->end(), symbols.begin(), symbols.end());
}

std::vector<int32_t> Bpe::Symbols(absl::string_view word) const {
  std::vector<int32_t> symbols;
  symbols.reserve(word.size());
  bool in_unk = false;
  for (const char c : word) {
    int32_t id = model_.byte_ids[static_cast<uint8_t>(c)];
    const bool known = id >= 0;
    if (!known && !(in_unk && model_.fuse_unk)) id = model_.unk_id;
    if (id >= 0) symbols.push_back(id);
    in_unk = !known;
  }
  return symbols;
}

Bpe::Merge Bpe::Find(int32_t left, int32_t right) const {
  const Merge* merge = merges_.Find(left, right);
  return merge == nullptr ? Merge{kNoRank, 0} : *merge;
}

void Bpe::MergeAll(std::vector<int32_t>* symbols) const {
  symbols->size() <= kShortWord ? MergeShort(symbols) : MergeLong(symbols);
}

void Bpe::MergeShort(std::vector<int32_t>* symbols) const {
  // pairs[i]: what symbols i and i + 1 merge to.
  Merge pairs[kShortWord];
  int32_t* const ids = symbols->data();
  size_t num_pairs = symbols->size() < 2 ? 0 : symbols->size() - 1;
  for (size_t i = 0; i < num_pairs; ++i) pairs[i] = Find(ids[i], ids[i + 1]);
  while (num_pairs > 0) {
    size_t best = 0;
    for (size_t i = 1; i < num_pairs; ++i) {
      if (pairs[i].rank < pairs[best].rank) best = i;
    }
    if (pairs[best].rank == kNoRank) break;
    ids[best] = pairs[best].merged;
    std::copy(ids + best + 2, ids + num_pairs + 1, ids + best + 1);
    std::copy(pairs + best + 1, pairs + num_pairs, pairs + best);
    --num_pairs;
    if (best > 0) pairs[best - 1] = Find(ids[best - 1], ids[best]);
    if (best < num_pairs) pairs[best] = Find(ids[best], ids[best + 1]);
    symbols->pop_back();
  }
}

void Bpe::MergeLong(std::vector<int32_t>* symbols) const {
  // A linked list over the places of the symbols; a merge keeps the left place. The queue may
  // hold pairs that are gone: their rank tells.
  constexpr int32_t kGone = -1;
  const int n = static_cast<int>(symbols->size());
  std::vector<int> previous(n), next(n);
  for (int i = 0; i < n; ++i) {
    previous[i] = i - 1;
    next[i] = i + 1;
  }
  using Candidate = std::pair<uint32_t, int>;  // rank, place
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto push = [&](int at) {
    if (at < 0 || next[at] >= n) return;
    const Merge merge = Find((*symbols)[at], (*symbols)[next[at]]);
    if (merge.rank != kNoRank) queue.emplace(merge.rank, at);
  };
  for (int i = 0; i < n; ++i) push(i);
  while (!queue.empty()) {
    const auto [rank, at] = queue.top();
    queue.pop();
    if ((*symbols)[at] == kGone || next[at] >= n) continue;
    const int right = next[at];
    const Merge merge = Find((*symbols)[at], (*symbols)[right]);
    if (merge.rank != rank) continue;
    (*symbols)[at] = merge.merged;
    (*symbols)[right] = kGone;
    next[at] = next[right];
    if (next[at] < n) previous[next[at]] = at;
    push(previous[at]);
    push(at);
  }
  std::erase(*symbols, kGone);
}

}  // namespace hone
