#include "rollout/engine/kv_cache.h"

#include <algorithm>

namespace hone {

KvCache::KvCache(int64_t num_blocks, CopyBlock copy) : copy_(std::move(copy)) {
  references_.assign(num_blocks, 0);
  for (int64_t i = num_blocks - 1; i >= 0; --i) free_.push_back(static_cast<int32_t>(i));
}

int32_t KvCache::Allocate() {
  const int32_t block = free_.back();
  free_.pop_back();
  references_[block] = 1;
  return block;
}

void KvCache::Release(int32_t block) {
  if (--references_[block] == 0) free_.push_back(block);
}

bool KvCache::MustCopy(const CachedTokens& text) const {
  return text.cached % kKvBlockTokens != 0 &&
         references_[text.blocks[text.cached / kKvBlockTokens]] > 1;
}

int64_t KvCache::BlocksToWrite(const CachedTokens& text, int64_t count) const {
  const int64_t missing = BlocksFor(text.cached + count) - static_cast<int64_t>(text.blocks.size());
  return std::max<int64_t>(missing, 0) + (MustCopy(text) ? 1 : 0);
}

void KvCache::PrepareWrite(CachedTokens* text, int64_t count) {
  if (MustCopy(*text)) {
    int32_t& block = text->blocks[text->cached / kKvBlockTokens];
    const int32_t shared = block;
    block = Allocate();
    copy_(shared, block);
    Release(shared);
  }
  const size_t wanted = BlocksFor(text->cached + count);
  while (text->blocks.size() < wanted) text->blocks.push_back(Allocate());
}

void KvCache::Share(const CachedTokens& from, int64_t num_blocks, CachedTokens* to) {
  for (int64_t i = 0; i < num_blocks; ++i) {
    ++references_[from.blocks[i]];
    to->blocks.push_back(from.blocks[i]);
  }
  to->cached = std::min(from.cached, num_blocks * kKvBlockTokens);
}

void KvCache::Truncate(int64_t num_blocks, CachedTokens* text) {
  while (static_cast<int64_t>(text->blocks.size()) > num_blocks) {
    Release(text->blocks.back());
    text->blocks.pop_back();
  }
  text->cached = std::min(text->cached, num_blocks * kKvBlockTokens);
}

int64_t KvCache::NumOwned(const CachedTokens& text) const {
  return std::count_if(text.blocks.begin(), text.blocks.end(),
                       [&](int32_t block) { return references_[block] == 1; });
}

}  // namespace hone
