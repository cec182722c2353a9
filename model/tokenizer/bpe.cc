#include "model/tokenizer/bpe.h"

#include <functional>
#include <queue>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr size_t kCachedWords = 1 << 16;
constexpr size_t kCachedWordBytes = 64;
constexpr size_t kShortWord = 48;  // symbols; below it, scanning beats a queue

}  // namespace

Bpe::Bpe(const std::array<int32_t, 256>& byte_ids, const std::vector<BpeMerge>& merges,
         absl::flat_hash_map<std::string, int32_t> whole_words)
    : byte_ids_(byte_ids), whole_words_(std::move(whole_words)) {
  merges_.reserve(merges.size());
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const BpeMerge& merge = merges[rank];
    // Of a pair that is listed twice, the last counts, as in the reference implementation.
    merges_[{merge.left, merge.right}] = {static_cast<int32_t>(rank), merge.merged};
  }
}

Status Bpe::Encode(absl::string_view word, std::vector<int32_t>* tokens) const {
  if (const auto whole = whole_words_.find(word); whole != whole_words_.end()) {
    tokens->push_back(whole->second);
    return absl::OkStatus();
  }
  const bool cached = word.size() <= kCachedWordBytes && !merges_.empty();
  if (cached) {
    absl::ReaderMutexLock lock(&mutex_);
    if (const auto known = cache_.find(word); known != cache_.end()) {
      tokens->insert(tokens->end(), known->second.begin(), known->second.end());
      return absl::OkStatus();
    }
  }
  std::vector<int32_t> symbols;
  symbols.reserve(word.size());
  for (const char c : word) {
    const int32_t id = byte_ids_[static_cast<uint8_t>(c)];
    if (id < 0) {
      return absl::InvalidArgumentError(absl::StrCat("the vocabulary has no token for the byte 0x",
                                                     absl::Hex(static_cast<uint8_t>(c))));
    }
    symbols.push_back(id);
  }
  if (!merges_.empty()) {
    symbols.size() <= kShortWord ? MergeShort(&symbols) : MergeLong(&symbols);
  }
  tokens->insert(tokens->end(), symbols.begin(), symbols.end());
  if (cached) {
    absl::MutexLock lock(&mutex_);
    if (cache_.size() < kCachedWords) cache_.emplace(word, std::move(symbols));
  }
  return absl::OkStatus();
}

const Bpe::Merge* Bpe::Find(int32_t left, int32_t right) const {
  const auto it = merges_.find(std::pair(left, right));
  return it == merges_.end() ? nullptr : &it->second;
}

void Bpe::MergeShort(std::vector<int32_t>* symbols) const {
  while (symbols->size() > 1) {
    const Merge* best = nullptr;
    size_t best_at = 0;
    for (size_t i = 0; i + 1 < symbols->size(); ++i) {
      const Merge* merge = Find((*symbols)[i], (*symbols)[i + 1]);
      if (merge != nullptr && (best == nullptr || merge->rank < best->rank)) {
        best = merge;
        best_at = i;
      }
    }
    if (best == nullptr) return;
    (*symbols)[best_at] = best->merged;
    symbols->erase(symbols->begin() + best_at + 1);
  }
}

void Bpe::MergeLong(std::vector<int32_t>* symbols) const {
  // A linked list over the places of the symbols; a merge keeps the left place. The queue may
  // hold pairs that are gone: what they would merge into tells.
  constexpr int32_t kGone = -1;
  const int n = static_cast<int>(symbols->size());
  std::vector<int> previous(n), next(n);
  for (int i = 0; i < n; ++i) {
    previous[i] = i - 1;
    next[i] = i + 1;
  }
  using Candidate = std::tuple<int32_t, int, int32_t>;  // rank, place, merged
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto push = [&](int at) {
    if (at < 0 || next[at] >= n) return;
    if (const Merge* merge = Find((*symbols)[at], (*symbols)[next[at]])) {
      queue.emplace(merge->rank, at, merge->merged);
    }
  };
  for (int i = 0; i < n; ++i) push(i);
  while (!queue.empty()) {
    const auto [rank, at, merged] = queue.top();
    queue.pop();
    if ((*symbols)[at] == kGone || next[at] >= n) continue;
    const int right = next[at];
    const Merge* merge = Find((*symbols)[at], (*symbols)[right]);
    if (merge == nullptr || merge->rank != rank) continue;
    (*symbols)[at] = merged;
    (*symbols)[right] = kGone;
    next[at] = next[right];
    if (next[at] < n) previous[next[at]] = at;
    push(previous[at]);
    push(at);
  }
  std::erase(*symbols, kGone);
}

}  // namespace hone
