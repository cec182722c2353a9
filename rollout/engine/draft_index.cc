#include "rollout/engine/draft_index.h"

#include <algorithm>

#include "absl/hash/hash.h"

namespace hone {
namespace {

// Of the tokens before `position`. Different ones may meet: that costs a wrong guess.
uint64_t KeyAt(absl::Span<const int32_t> text, int64_t position) {
  return absl::HashOf(text.subspan(position - DraftIndex::kContext, DraftIndex::kContext));
}

}  // namespace

void DraftIndex::Learn(int source, absl::Span<const int32_t> text) {
  if (static_cast<size_t>(source) >= texts_.size()) texts_.resize(source + 1);
  std::vector<int32_t>& known = texts_[source];
  const int64_t first = std::ssize(known);
  known.insert(known.end(), text.begin() + first, text.end());
  for (int64_t i = std::max(first, kContext); i < std::ssize(text); ++i) {
    continuations_[KeyAt(text, i)] = {source, static_cast<int32_t>(i)};
  }
}

int DraftIndex::Propose(absl::Span<const int32_t> text, int max, int32_t* draft) const {
  const int64_t size = std::ssize(text);
  if (size < kContext || max <= 0) return 0;
  const auto place = continuations_.find(KeyAt(text, size));
  if (place == continuations_.end()) return 0;
  const std::vector<int32_t>& from = texts_[place->second.source];
  const int64_t begin = place->second.position;
  const int64_t count = std::min<int64_t>(max, std::ssize(from) - begin);
  std::copy_n(from.begin() + begin, count, draft);
  return static_cast<int>(count);
}

}  // namespace hone
