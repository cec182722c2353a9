#include "kernels/attention.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "kernels/bfloat16_pairs.h"
#include "kernels/parallel.h"
#include "kernels/scalar.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/simd-inl.h"
#include "kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hone {
namespace HWY_NAMESPACE {

// C [rows, 16·panels] with any number of rows, by tiles.
template <bool kPairs, class Panels>
void Product(int64_t rows, const float* a, int64_t a_row, int64_t a_column, const Panels& panels,
             int64_t num_panels, int64_t chunks, int64_t chunk_k, int64_t b_stride, float* c,
             int64_t c_stride, Accumulate accumulate) {
  const int64_t tiles = (rows + kMaxTileRows - 1) / kMaxTileRows;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t begin = rows * t / tiles, end = rows * (t + 1) / tiles;
    TileRows<kPairs>(static_cast<int>(end - begin), a + begin * a_row, a_row, a_column, panels,
                     num_panels, chunks, chunk_k, b_stride, c + begin * c_stride, c_stride,
                     accumulate, 16);
  }
}

// A score that SoftmaxRow, or Exp after a shift, turns into exactly 0.
constexpr float kUnseen = -3.0e38f;

// Queries [begin, end) of a sequence for one kv head. The group's query heads share the keys, so
// they are rows of one tile: row = (query, head of the group).
template <bool kPairs>
void AttendHeadOf(const AttentionShape& shape, const AttentionQueries& seq, int64_t begin,
                  int64_t end, int kv_head, int64_t q_stride, int64_t out_stride, float scale,
                  bool round) {
  const int dim = shape.head_dim, padded_dim = shape.padded_dim();
  const int group = shape.group();
  constexpr int kPerFloat = kPairs ? 2 : 1;
  const int64_t part_floats = shape.part_floats(), kv_floats = 2 * part_floats;
  const int queries_per_tile = std::max(1, kMaxTileRows / group);
  static thread_local std::vector<float> scratch;
  const int64_t longest = (seq.first_position + end + 15) / 16 * 16;
  const size_t wanted = static_cast<size_t>(queries_per_tile * group) * (longest + 2 * padded_dim);
  if (scratch.size() < wanted) scratch.resize(wanted);
  float* rows_q = scratch.data();                                    // [rows][dim]
  float* rows_out = rows_q + queries_per_tile * group * padded_dim;  // [rows][padded_dim]
  float* scores = rows_out + queries_per_tile * group * padded_dim;  // [rows][padded]

  for (int64_t i = begin; i < end; i += queries_per_tile) {
    const int64_t queries = std::min<int64_t>(queries_per_tile, end - i);
    const int64_t rows = queries * group;
    for (int64_t r = 0; r < rows; ++r) {
      const float* q = seq.q + (i + r / group) * q_stride + (kv_head * group + r % group) * dim;
      if constexpr (kPairs) {
        MakePairs(q, dim / 2, rows_q + r * dim);
      } else {
        std::copy_n(q, dim, rows_q + r * dim);
      }
    }
    const int64_t keys = seq.first_position + i + queries;  // that the last query sees
    const int64_t blocks = (keys + 15) / 16;
    const int64_t padded = blocks * 16;
    Product<kPairs>(
        rows, rows_q, dim, 1,
        [&](int64_t, int64_t p) { return seq.blocks[p] + kv_head * kv_floats; }, blocks, 1,
        dim / kPerFloat, 16, scores, padded, Accumulate::kStore);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t query = i + r / group;
      const int64_t position = seq.first_position + query;
      std::fill_n(scores + r * padded, shape.first_key(position), kUnseen);
      const SoftmaxResult softmax =
          SoftmaxRow<false>(scores + r * padded, position + 1, padded, scale);
      if (seq.log_sum != nullptr) {
        seq.log_sum[query * shape.num_heads + kv_head * group + r % group] =
            softmax.max + Log(softmax.sum);
      }
      for (int64_t j = 0; round && j < padded; j += 16) {
        Store16(ToBFloat16(Load16(scores + r * padded + j)), scores + r * padded + j);
      }
      if constexpr (kPairs) MakePairs(scores + r * padded, padded / 2, scores + r * padded);
      rows_q[r * dim] = 1.0f / softmax.sum;  // the query is used up; keep the factor in its place
    }
    Product<kPairs>(
        rows, scores, padded, 1,
        [&](int64_t chunk, int64_t p) {
          return seq.blocks[chunk] + kv_head * kv_floats + part_floats + p * 16;
        },
        padded_dim / 16, blocks, kKvBlockTokens / kPerFloat, padded_dim, rows_out, padded_dim,
        Accumulate::kStore);
    for (int64_t r = 0; r < rows; ++r) {
      const V16 factor = Set16(rows_q[r * dim]);
      float* out = seq.out + (i + r / group) * out_stride + (kv_head * group + r % group) * dim;
      for (int d = 0; d < dim; d += 16) {
        const V16 mean = Mul(Load16(rows_out + r * padded_dim + d), factor);
        Store16(round ? ToBFloat16(mean) : mean, out + d, dim - d);
      }
    }
  }
}

void AttendHead(const AttentionShape& shape, const AttentionQueries& seq, int64_t begin,
                int64_t end, int kv_head, int64_t q_stride, int64_t out_stride, float scale,
                bool round) {
  const auto attend = shape.pairs ? AttendHeadOf<true> : AttendHeadOf<false>;
  attend(shape, seq, begin, end, kv_head, q_stride, out_stride, scale, round);
}

// Copies rows of one head, `dim` of each, to `to` [rows][padded_dim] with zeros behind them. So
// tiles may read whole panels, and rows lie close: those of the fused buffer are often 4 KiB apart,
// where all of them compete for the same few places in the cache.
void CopyHead(const AttentionShape& shape, const float* from, int64_t stride, int64_t rows,
              float* to) {
  const int dim = shape.head_dim, padded_dim = shape.padded_dim();
  for (int64_t t = 0; t < rows; ++t, from += stride, to += padded_dim) {
    for (int d = 0; d < padded_dim; d += 16) Store16(Load16(from + d, dim - d), to + d);
  }
}

// One kv head of one sequence. With P = softmax(S): dV = Pᵀ·dO, dP = dO·Vᵀ,
// dS = P ∘ (dP − rowsum(dO ∘ O))/√dim, dQ = dS·K, dK = dSᵀ·Q, by tiles of queries.
void AttendHeadBackward(const AttentionShape& shape, const AttentionGradient& seq, int kv_head,
                        float scale) {
  const int dim = shape.head_dim, padded_dim = shape.padded_dim();
  const int panels = padded_dim / 16;
  const int group = shape.group();
  const int64_t width = int64_t{shape.num_heads + 2 * shape.num_kv_heads} * dim;
  const int64_t out_width = int64_t{shape.num_heads} * dim;
  const int64_t kv_floats = int64_t{2} * kKvBlockTokens * padded_dim;
  const int64_t tokens = seq.num_tokens;
  const int64_t all_blocks = (tokens + 15) / 16;
  constexpr int64_t kTileQueries = 48;

  static thread_local std::vector<float> scratch;
  // Of p and ds; 16 more than the keys, so that no large power of two lies between rows.
  const int64_t stride = all_blocks * 16 + 16;
  const int64_t head_floats = tokens * padded_dim, tile_floats = kTileQueries * padded_dim;
  const size_t wanted =
      all_blocks * 16 * dim + 2 * kTileQueries * stride + 3 * head_floats + 3 * tile_floats;
  if (scratch.size() < wanted) scratch.resize(wanted);
  float* v_transposed = scratch.data();             // [blocks][dim][16]
  float* p = v_transposed + all_blocks * 16 * dim;  // [queries][stride]
  float* ds = p + kTileQueries * stride;            // likewise
  float* k = ds + kTileQueries * stride;            // [tokens][padded_dim]
  float* dk = k + head_floats;                      // likewise
  float* dv = dk + head_floats;                     // likewise
  float* tile_q = dv + head_floats;                 // [queries][padded_dim]
  float* tile_dout = tile_q + tile_floats;          // likewise
  float* tile_dq = tile_dout + tile_floats;         // likewise

  CopyHead(shape, seq.qkv + int64_t{shape.num_heads + kv_head} * dim, width, tokens, k);
  for (int64_t b = 0; b < all_blocks; ++b) {
    const float* v = seq.blocks[b] + kv_head * kv_floats + kKvBlockTokens * padded_dim;
    for (int j = 0; j < 16; ++j) {
      const bool exists = b * 16 + j < tokens;  // the cache's unused slots hold anything
      for (int d = 0; d < dim; ++d) {
        v_transposed[(b * dim + d) * 16 + j] = exists ? v[j * padded_dim + d] : 0.0f;
      }
    }
  }
  std::fill_n(dk, 2 * head_floats, 0.0f);
  for (int h = 0; h < group; ++h) {
    const int64_t head = int64_t{kv_head} * group + h;
    for (int64_t begin = 0; begin < tokens; begin += kTileQueries) {
      const int64_t queries = std::min(kTileQueries, tokens - begin);
      const int64_t keys = begin + queries;
      const int64_t blocks = (keys + 15) / 16;
      const int64_t padded = blocks * 16;
      CopyHead(shape, seq.qkv + begin * width + head * dim, width, queries, tile_q);
      CopyHead(shape, seq.dout + begin * out_width + head * dim, out_width, queries, tile_dout);
      Product<false>(
          queries, tile_q, padded_dim, 1,
          [&](int64_t, int64_t b) { return seq.blocks[b] + kv_head * kv_floats; }, blocks, 1, dim,
          16, p, stride, Accumulate::kStore);
      Product<false>(
          queries, tile_dout, padded_dim, 1,
          [&](int64_t, int64_t b) { return v_transposed + b * dim * 16; }, blocks, 1, dim, 16, ds,
          stride, Accumulate::kStore);
      for (int64_t i = 0; i < queries; ++i) {
        const int64_t t = begin + i;
        const float* out = seq.out + t * out_width + head * dim;
        V16 dot = Set16(0.0f);
        for (int d = 0; d < dim; d += 16) {
          dot = MulAdd(Load16(tile_dout + i * padded_dim + d), Load16(out + d, dim - d), dot);
        }
        const V16 mean = Set16(SumOf16(dot));
        const V16 shift = Set16(seq.log_sum[t * shape.num_heads + head]);
        const V16 factor = Set16(scale);
        float* p_row = p + i * stride;
        float* ds_row = ds + i * stride;
        std::fill_n(p_row, shape.first_key(t), kUnseen);
        std::fill(p_row + t + 1, p_row + padded, kUnseen);
        for (int64_t j = 0; j < padded; j += 16) {
          const V16 prob = Exp(Sub(Mul(Load16(p_row + j), factor), shift));
          Store16(prob, p_row + j);
          Store16(Mul(Mul(prob, Sub(Load16(ds_row + j), mean)), factor), ds_row + j);
        }
      }
      // kChain with one chunk: dQ starts from zero, dK and dV from what earlier tiles left.
      Product<false>(
          queries, ds, stride, 1, [&](int64_t, int64_t c) { return k + c * 16; }, panels, 1, keys,
          padded_dim, tile_dq, padded_dim, Accumulate::kStore);
      Product<false>(
          keys, ds, 1, stride, [&](int64_t, int64_t c) { return tile_q + c * 16; }, panels, 1,
          queries, padded_dim, dk, padded_dim, Accumulate::kChain);
      Product<false>(
          keys, p, 1, stride, [&](int64_t, int64_t c) { return tile_dout + c * 16; }, panels, 1,
          queries, padded_dim, dv, padded_dim, Accumulate::kChain);
      for (int64_t i = 0; i < queries; ++i) {
        std::copy_n(tile_dq + i * padded_dim, dim, seq.dqkv + (begin + i) * width + head * dim);
      }
    }
  }
  float* const dkv = seq.dqkv + int64_t{shape.num_heads + kv_head} * dim;
  for (int64_t t = 0; t < tokens; ++t) {
    std::copy_n(dk + t * padded_dim, dim, dkv + t * width);
    std::copy_n(dv + t * padded_dim, dim, dkv + t * width + int64_t{shape.num_kv_heads} * dim);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace hone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hone {
namespace {

HWY_EXPORT(AttendHead);
HWY_EXPORT(AttendHeadBackward);

float Scale(const AttentionShape& shape) {
  return 1.0f / std::sqrt(static_cast<float>(shape.head_dim));
}

// One half of each pair, the upper for even dimensions of a key and even slots of a value.
void StorePairs(const AttentionShape& shape, const float* k, const float* v, int slot, float* keys,
                float* values) {
  const int dim = shape.head_dim, padded_dim = shape.padded_dim();
  const auto half = [](float* pairs, int64_t pair, bool upper) {
    return reinterpret_cast<uint16_t*>(pairs) + 2 * pair + upper;
  };
  const auto bits = [](float x) { return static_cast<uint16_t>(std::bit_cast<uint32_t>(x) >> 16); };
  for (int d = 0; d < dim; ++d) {
    *half(keys, d / 2 * kKvBlockTokens + slot, d % 2 == 0) = bits(k[d]);
    *half(values, slot / 2 * padded_dim + d, slot % 2 == 0) = bits(v[d]);
  }
  for (int d = dim; d < padded_dim; ++d) {
    *half(values, slot / 2 * padded_dim + d, slot % 2 == 0) = 0;
  }
}

}  // namespace

void StoreKv(const AttentionShape& shape, const float* k, const float* v, int slot, float* block) {
  const int dim = shape.head_dim, padded_dim = shape.padded_dim();
  for (int h = 0; h < shape.num_kv_heads; ++h) {
    float* keys = block + 2 * h * shape.part_floats();
    float* values = keys + shape.part_floats();
    if (shape.pairs) {
      StorePairs(shape, k + h * dim, v + h * dim, slot, keys, values);
      continue;
    }
    for (int d = 0; d < dim; ++d) keys[d * kKvBlockTokens + slot] = k[h * dim + d];
    std::copy_n(v + h * dim, dim, values + slot * padded_dim);
    std::fill_n(values + slot * padded_dim + dim, padded_dim - dim, 0.0f);
  }
}

void Attention(const AttentionShape& shape, absl::Span<const AttentionQueries> sequences,
               int64_t q_stride, int64_t out_stride, Precision precision) {
  // Long prompts are cut, so that one of them keeps all threads busy.
  constexpr int64_t kChunk = 64;
  struct Task {
    const AttentionQueries* sequence;
    int64_t begin;
  };
  static thread_local std::vector<Task> tasks;
  tasks.clear();
  for (const auto& sequence : sequences) {
    for (int64_t i = 0; i < sequence.num_queries; i += kChunk) tasks.push_back({&sequence, i});
  }
  const auto& all = tasks;
  ParallelFor(static_cast<int64_t>(all.size()) * shape.num_kv_heads, [&](int64_t i) {
    const Task& task = all[i / shape.num_kv_heads];
    const int64_t end = std::min(task.begin + kChunk, task.sequence->num_queries);
    HWY_DYNAMIC_DISPATCH(AttendHead)
    (shape, *task.sequence, task.begin, end, static_cast<int>(i % shape.num_kv_heads), q_stride,
     out_stride, Scale(shape), precision == Precision::kBFloat16);
  });
}

void AttentionBackward(const AttentionShape& shape, absl::Span<const AttentionGradient> sequences) {
  ParallelFor(static_cast<int64_t>(sequences.size()) * shape.num_kv_heads, [&](int64_t i) {
    HWY_DYNAMIC_DISPATCH(AttendHeadBackward)
    (shape, sequences[i / shape.num_kv_heads], static_cast<int>(i % shape.num_kv_heads),
     Scale(shape));
  });
}

}  // namespace hone
#endif  // HWY_ONCE
