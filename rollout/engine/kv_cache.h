// The accounts of the keys' and values' memory, which a decoder holds: blocks of 16 tokens with
// reference counts, so that the samples of a group share their prompt's blocks until one of them
// writes (copy on write). Thread safety: none; the engine's thread owns it.
// Invariant: a block is free or has references, never both; num_free() counts the free ones.
#ifndef HONE_ROLLOUT_ENGINE_KV_CACHE_H_
#define HONE_ROLLOUT_ENGINE_KV_CACHE_H_

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "kernels/attention.h"
#include "rollout/engine/sequence.h"

namespace hone {

// Blocks that hold `tokens` tokens.
inline int64_t BlocksFor(int64_t tokens) { return (tokens + kKvBlockTokens - 1) / kKvBlockTokens; }

class KvCache {
 public:
  using CopyBlock = std::function<void(int32_t from, int32_t to)>;
  KvCache(int64_t num_blocks, CopyBlock copy);

  int64_t num_blocks() const { return std::ssize(references_); }
  int64_t num_free() const { return static_cast<int64_t>(free_.size()); }

  // Free blocks that it takes to write `count` more tokens behind the cached ones: those that are
  // missing, and a copy of the last one if others share it.
  int64_t BlocksToWrite(const CachedTokens& text, int64_t count) const;
  // Takes them; so many must be free.
  void PrepareWrite(CachedTokens* text, int64_t count);

  // Lets `to`, which has no blocks, share the first `num_blocks` of `from`; the tokens in them
  // count as cached.
  void Share(const CachedTokens& from, int64_t num_blocks, CachedTokens* to);
  // Keeps the first `num_blocks` blocks only, with the tokens in them.
  void Truncate(int64_t num_blocks, CachedTokens* text);
  // Blocks that Truncate(0, …) would make free: those that nobody shares.
  int64_t NumOwned(const CachedTokens& text) const;

 private:
  int32_t Allocate();
  void Release(int32_t block);
  // The last cached token's block is neither full nor one's own.
  bool MustCopy(const CachedTokens& text) const;

  const CopyBlock copy_;
  std::vector<int32_t> free_;
  std::vector<int32_t> references_;  // [blocks]
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_KV_CACHE_H_
