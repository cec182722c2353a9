// Paged storage for keys and values: blocks of 16 tokens with reference counts, so that the
// samples of a group share their prompt's blocks.
// Thread safety: none; the engine's thread owns it (kernels write into distinct blocks).
// Invariant: free + in use + promised-but-unused blocks never exceed the total, so Allocate() of a
// promised block cannot fail.
#ifndef HONE_ROLLOUT_ENGINE_KV_CACHE_H_
#define HONE_ROLLOUT_ENGINE_KV_CACHE_H_

#include <cstdint>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "kernels/attention.h"

namespace hone {

// Blocks that hold `tokens` tokens.
inline int64_t BlocksFor(int64_t tokens) { return (tokens + kKvBlockTokens - 1) / kKvBlockTokens; }

class KvCache {
 public:
  KvCache(const AttentionShape& shape, int num_layers, int64_t num_blocks);

  int64_t num_blocks() const { return num_blocks_; }

  // Promises `count` blocks to a sequence, or refuses (false) when they could not all be had.
  bool Reserve(int64_t count);
  // Gives back promises that were not turned into blocks.
  void Unreserve(int64_t count);

  // Turns one promise into a block with one reference.
  int32_t Allocate();
  void AddReference(int32_t block);
  void Release(int32_t block);
  // Copies all layers of a block.
  void Copy(int32_t from, int32_t to);

  float* data(int layer, int32_t block) {
    return storage_.get() + (int64_t{layer} * num_blocks_ + block) * block_floats_;
  }

 private:
  int num_layers_;
  int64_t num_blocks_;
  int64_t block_floats_;
  int64_t promised_ = 0;
  hwy::AlignedFreeUniquePtr<float[]> storage_;  // [layers][blocks][block_floats]
  std::vector<int32_t> free_;
  std::vector<int32_t> references_;
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_KV_CACHE_H_
