#include "rollout/engine/kv_cache.h"

#include <algorithm>

namespace hone {

KvCache::KvCache(const AttentionShape& shape, int num_layers, int64_t num_blocks)
    : num_layers_(num_layers), num_blocks_(num_blocks), block_floats_(shape.block_floats()) {
  const int64_t size = num_layers * num_blocks * block_floats_;
  storage_ = hwy::AllocateAligned<float>(size);
  // The kernels multiply unused slots by exact zeros: they must be finite.
  std::fill_n(storage_.get(), size, 0.0f);
  references_.assign(num_blocks, 0);
  for (int64_t i = num_blocks - 1; i >= 0; --i) free_.push_back(static_cast<int32_t>(i));
}

bool KvCache::Reserve(int64_t count) {
  if (static_cast<int64_t>(free_.size()) - promised_ < count) return false;
  promised_ += count;
  return true;
}

void KvCache::Unreserve(int64_t count) { promised_ -= count; }

int32_t KvCache::Allocate() {
  const int32_t block = free_.back();
  free_.pop_back();
  --promised_;
  references_[block] = 1;
  return block;
}

void KvCache::AddReference(int32_t block) { ++references_[block]; }

void KvCache::Release(int32_t block) {
  if (--references_[block] == 0) free_.push_back(block);
}

void KvCache::Copy(int32_t from, int32_t to) {
  for (int layer = 0; layer < num_layers_; ++layer) {
    std::copy_n(data(layer, from), block_floats_, data(layer, to));
  }
}

}  // namespace hone
