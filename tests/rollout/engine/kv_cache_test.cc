#include "rollout/engine/kv_cache.h"

#include "gtest/gtest.h"

namespace hone {
namespace {

constexpr AttentionShape kShape{2, 1, 16};

CachedTokens Text(int64_t size) {
  CachedTokens text;
  text.tokens.assign(size, 1);
  return text;
}

// Writes all that is pending: a number that names the writer, in every layer.
void Write(KvCache* cache, CachedTokens* text, float value) {
  ASSERT_LE(cache->BlocksToWrite(*text, text->pending()), cache->num_free());
  cache->PrepareWrite(text, text->pending());
  for (; text->cached < text->size(); ++text->cached) {
    for (const int layer : {0, 1}) {
      cache->data(layer, text->blocks[text->cached / 16])[text->cached % 16] = value;
    }
  }
}

float Read(KvCache* cache, const CachedTokens& text, int layer, int64_t position) {
  return cache->data(layer, text.blocks[position / 16])[position % 16];
}

TEST(KvCacheTest, CountsBlocksAndStartsWithZeros) {
  KvCache cache(kShape, 2, 5);
  EXPECT_EQ(cache.num_free(), 5);
  EXPECT_EQ(cache.block_bytes(), 2 * kShape.block_floats() * 4);
  for (const int layer : {0, 1}) {
    for (int64_t i = 0; i < 5 * kShape.block_floats(); ++i) {
      ASSERT_EQ(cache.data(layer, 0)[i], 0.0f);
    }
  }
  CachedTokens text = Text(17);
  EXPECT_EQ(cache.BlocksToWrite(text, 16), 1);
  EXPECT_EQ(cache.BlocksToWrite(text, 17), 2);
  Write(&cache, &text, 1);
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
  KvCache cache(kShape, 2, 6);
  CachedTokens prompt = Text(20);
  Write(&cache, &prompt, 1);
  CachedTokens a = Text(21), b = Text(21);
  cache.Share(prompt, 2, &a);
  cache.Share(prompt, 2, &b);
  EXPECT_EQ(cache.num_free(), 4);
  EXPECT_EQ(a.cached, 20);
  EXPECT_EQ(cache.NumOwned(a), 0);

  EXPECT_EQ(cache.BlocksToWrite(a, 1), 1);
  Write(&cache, &a, 2);
  EXPECT_EQ(cache.num_free(), 3);
  EXPECT_EQ(a.blocks[0], prompt.blocks[0]);
  EXPECT_NE(a.blocks[1], prompt.blocks[1]);

  // The prompt lets go of the last block: b has it alone.
  cache.Truncate(1, &prompt);
  EXPECT_EQ(cache.BlocksToWrite(b, 1), 0);
  Write(&cache, &b, 3);
  EXPECT_EQ(cache.num_free(), 3);
  for (const int layer : {0, 1}) {
    EXPECT_EQ(Read(&cache, a, layer, 19), 1);
    EXPECT_EQ(Read(&cache, a, layer, 20), 2);
    EXPECT_EQ(Read(&cache, b, layer, 19), 1);
    EXPECT_EQ(Read(&cache, b, layer, 20), 3);
  }
  for (CachedTokens* text : {&prompt, &a, &b}) cache.Truncate(0, text);
  EXPECT_EQ(cache.num_free(), 6);
}

TEST(KvCacheTest, APromptThatEndsWithItsBlockIsNeverCopied) {
  KvCache cache(kShape, 2, 4);
  CachedTokens prompt = Text(32);
  Write(&cache, &prompt, 1);
  CachedTokens sample = Text(33);
  cache.Share(prompt, 2, &sample);
  EXPECT_EQ(cache.BlocksToWrite(sample, 1), 1);
  Write(&cache, &sample, 2);
  EXPECT_EQ(sample.blocks[1], prompt.blocks[1]);
  EXPECT_EQ(cache.num_free(), 1);
}

}  // namespace
}  // namespace hone
