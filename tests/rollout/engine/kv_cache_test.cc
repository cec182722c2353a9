#include "rollout/engine/kv_cache.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace hone {
namespace {

// One number for each token of a block, in the place of keys and values.
struct Blocks {
  explicit Blocks(int64_t count)
      : numbers(count * 16), cache(count, [this](int32_t from, int32_t to) {
          std::copy_n(&numbers[from * 16], 16, &numbers[to * 16]);
        }) {}
  float* at(const CachedTokens& text, int64_t position) {
    return &numbers[text.blocks[position / 16] * 16 + position % 16];
  }
  std::vector<float> numbers;
  KvCache cache;
};

CachedTokens Text(int64_t size) {
  CachedTokens text;
  text.tokens.assign(size, 1);
  return text;
}

// Writes all that is pending: a number that names the writer.
void Write(Blocks* blocks, CachedTokens* text, float value) {
  ASSERT_LE(blocks->cache.BlocksToWrite(*text, text->pending()), blocks->cache.num_free());
  blocks->cache.PrepareWrite(text, text->pending());
  for (; text->cached < text->size(); ++text->cached) *blocks->at(*text, text->cached) = value;
}

TEST(KvCacheTest, CountsBlocks) {
  Blocks blocks(5);
  KvCache& cache = blocks.cache;
  EXPECT_EQ(cache.num_free(), 5);
  CachedTokens text = Text(17);
  EXPECT_EQ(cache.BlocksToWrite(text, 16), 1);
  EXPECT_EQ(cache.BlocksToWrite(text, 17), 2);
  Write(&blocks, &text, 1);
  EXPECT_EQ(cache.num_free(), 3);
  EXPECT_EQ(cache.BlocksToWrite(text, 15), 0);
  EXPECT_EQ(cache.BlocksToWrite(text, 16), 1);
  EXPECT_EQ(cache.NumOwned(text), 2);
  cache.Truncate(1, &text);
  EXPECT_EQ(text.cached, 16);
  EXPECT_EQ(cache.num_free(), 4);
  cache.Truncate(0, &text);
  EXPECT_EQ(text.cached, 0);
  EXPECT_EQ(cache.num_free(), 5);
}

// 20 tokens: one full block, which is never copied, and one that whoever writes first copies.
TEST(KvCacheTest, ASharedBlockIsCopiedByWhoeverWritesUnlessNobodyElseHasIt) {
  Blocks blocks(6);
  KvCache& cache = blocks.cache;
  CachedTokens prompt = Text(20);
  Write(&blocks, &prompt, 1);
  CachedTokens a = Text(21), b = Text(21);
  cache.Share(prompt, 2, &a);
  cache.Share(prompt, 2, &b);
  EXPECT_EQ(cache.num_free(), 4);
  EXPECT_EQ(a.cached, 20);
  EXPECT_EQ(cache.NumOwned(a), 0);

  EXPECT_EQ(cache.BlocksToWrite(a, 1), 1);
  Write(&blocks, &a, 2);
  EXPECT_EQ(cache.num_free(), 3);
  EXPECT_EQ(a.blocks[0], prompt.blocks[0]);
  EXPECT_NE(a.blocks[1], prompt.blocks[1]);

  // The prompt lets go of the last block: b has it alone.
  cache.Truncate(1, &prompt);
  EXPECT_EQ(cache.BlocksToWrite(b, 1), 0);
  Write(&blocks, &b, 3);
  EXPECT_EQ(cache.num_free(), 3);
  EXPECT_EQ(*blocks.at(a, 19), 1);
  EXPECT_EQ(*blocks.at(a, 20), 2);
  EXPECT_EQ(*blocks.at(b, 19), 1);
  EXPECT_EQ(*blocks.at(b, 20), 3);
  for (CachedTokens* text : {&prompt, &a, &b}) cache.Truncate(0, text);
  EXPECT_EQ(cache.num_free(), 6);
}

TEST(KvCacheTest, APromptThatEndsWithItsBlockIsNeverCopied) {
  Blocks blocks(4);
  KvCache& cache = blocks.cache;
  CachedTokens prompt = Text(32);
  Write(&blocks, &prompt, 1);
  CachedTokens sample = Text(33);
  cache.Share(prompt, 2, &sample);
  EXPECT_EQ(cache.BlocksToWrite(sample, 1), 1);
  Write(&blocks, &sample, 2);
  EXPECT_EQ(sample.blocks[1], prompt.blocks[1]);
  EXPECT_EQ(cache.num_free(), 1);
}

}  // namespace
}  // namespace hone
