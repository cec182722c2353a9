#include "kernels/attention.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "kernels/bfloat16_pairs.h"
#include "kernels/parallel.h"
#include "kernels/scalar.h"

// This file includes itself for each instruction set; the records are declared once.
#ifndef HONE_KERNELS_ATTENTION_TASK
#define HONE_KERNELS_ATTENTION_TASK
namespace hone {

// Queries [begin, end) of a sequence. Or the one query (0, 1) of each of several sequences, whose
// first `shared` blocks are the same and full, and not the last of any.
struct AttentionTask {
  absl::Span<const AttentionQueries> sequences;
  int64_t shared;
  int64_t begin, end;

  int64_t queries() const { return end - begin; }
};

}  // namespace hone
#endif  // HONE_KERNELS_ATTENTION_TASK

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

// A task small enough for one tile, for one kv head. The query heads of a group see the same keys,
// and what is shared is seen by all sequences: those are rows of one product. row = (sequence,
// query, head of the group).
template <bool kPairs>
void AttendTile(const AttentionShape& shape, const AttentionTask& task, int kv_head,
                int64_t q_stride, int64_t out_stride, float scale, bool round) {
  constexpr int kPerFloat = kPairs ? 2 : 1;
  const int dim = shape.head_dim, padded_dim = shape.padded_dim();
  const int group = shape.group();
  const int64_t part_floats = shape.part_floats();
  const int64_t offset = 2 * kv_head * part_floats;  // of the head's keys in a block
  const int64_t each = task.queries() * group;       // rows of a sequence
  const int64_t rows = std::ssize(task.sequences) * each;
  const int64_t shared = task.shared;
  // The blocks that a sequence's last query sees.
  const auto num_blocks = [&](const AttentionQueries& seq) {
    return (seq.first_position + task.end + 15) / 16;
  };
  int64_t longest = 0;
  for (const auto& seq : task.sequences) longest = std::max(longest, num_blocks(seq) * 16);
  static thread_local std::vector<float> scratch;
  const size_t wanted = static_cast<size_t>(rows) * (longest + 2 * padded_dim);
  if (scratch.size() < wanted) scratch.resize(wanted);
  float* rows_q = scratch.data();                // [rows][dim], later the rows' factors
  float* rows_out = rows_q + rows * padded_dim;  // [rows][padded_dim]
  float* scores = rows_out + rows * padded_dim;  // [rows][longest]

  float* q = rows_q;
  for (const auto& seq : task.sequences) {
    for (int64_t r = 0; r < each; ++r, q += dim) {
      const float* from =
          seq.q + (task.begin + r / group) * q_stride + (kv_head * group + r % group) * dim;
      if constexpr (kPairs) {
        MakePairs(from, dim / 2, q);
      } else {
        std::copy_n(from, dim, q);
      }
    }
  }
  // Scores of the blocks [first, first + blocks) for the `count` rows from `row`.
  const auto score = [&](const AttentionQueries& seq, int64_t row, int64_t count, int64_t first,
                         int64_t blocks) {
    Product<kPairs>(
        count, rows_q + row * dim, dim, 1,
        [&](int64_t, int64_t p) { return seq.blocks[first + p] + offset; }, blocks, 1,
        dim / kPerFloat, 16, scores + row * longest + first * 16, longest, Accumulate::kStore);
  };
  // Likewise their values, weighted; the chains begin at block 0.
  const auto weigh = [&](const AttentionQueries& seq, int64_t row, int64_t count, int64_t first,
                         int64_t blocks) {
    Product<kPairs>(
        count, scores + row * longest + first * 16 / kPerFloat, longest, 1,
        [&](int64_t chunk, int64_t p) {
          return seq.blocks[first + chunk] + offset + part_floats + p * 16;
        },
        padded_dim / 16, blocks, kKvBlockTokens / kPerFloat, padded_dim,
        rows_out + row * padded_dim, padded_dim,
        first > 0 ? Accumulate::kChain : Accumulate::kStore);
  };
  const auto for_each_sequence = [&](auto body) {
    for (int64_t s = 0; s < std::ssize(task.sequences); ++s) body(task.sequences[s], s * each);
  };

  if (shared > 0) score(task.sequences[0], 0, rows, 0, shared);
  for_each_sequence([&](const AttentionQueries& seq, int64_t row) {
    score(seq, row, each, shared, num_blocks(seq) - shared);
  });
  for_each_sequence([&](const AttentionQueries& seq, int64_t row) {
    const int64_t padded = num_blocks(seq) * 16;
    for (int64_t r = 0; r < each; ++r) {
      const int64_t query = task.begin + r / group;
      const int64_t position = seq.first_position + query;
      float* const x = scores + (row + r) * longest;
      std::fill_n(x, shape.first_key(position), kUnseen);
      const SoftmaxResult softmax = SoftmaxRow<false>(x, position + 1, padded, scale);
      if (seq.log_sum != nullptr) {
        seq.log_sum[query * shape.num_heads + kv_head * group + r % group] =
            softmax.max + Log(softmax.sum);
      }
      for (int64_t j = 0; round && j < padded; j += 16) {
        Store16(ToBFloat16(Load16(x + j)), x + j);
      }
      if constexpr (kPairs) MakePairs(x, padded / 2, x);
      rows_q[(row + r) * dim] = 1.0f / softmax.sum;  // the query is used up
    }
  });
  if (shared > 0) weigh(task.sequences[0], 0, rows, 0, shared);
  for_each_sequence([&](const AttentionQueries& seq, int64_t row) {
    weigh(seq, row, each, shared, num_blocks(seq) - shared);
    for (int64_t r = 0; r < each; ++r) {
      const V16 factor = Set16(rows_q[(row + r) * dim]);
      const float* from = rows_out + (row + r) * padded_dim;
      float* out =
          seq.out + (task.begin + r / group) * out_stride + (kv_head * group + r % group) * dim;
      for (int d = 0; d < dim; d += 16) {
        const V16 mean = Mul(Load16(from + d), factor);
        Store16(round ? ToBFloat16(mean) : mean, out + d, dim - d);
      }
    }
  });
}

void Attend(const AttentionShape& shape, const AttentionTask& task, int kv_head, int64_t q_stride,
            int64_t out_stride, float scale, bool round) {
  const auto attend = shape.pairs ? AttendTile<true> : AttendTile<false>;
  const int64_t step = std::max(1, kMaxTileRows / shape.group());
  for (int64_t i = task.begin; i < task.end; i += step) {
    attend(shape, {task.sequences, task.shared, i, std::min(i + step, task.end)}, kv_head, q_stride,
           out_stride, scale, round);
  }
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
  const int64_t part_floats = shape.part_floats(), kv_floats = 2 * part_floats;
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
    const float* v = seq.blocks[b] + kv_head * kv_floats + part_floats;
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

HWY_EXPORT(Attend);
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

// How many sequences from the first on share blocks, so that they are one task; 1 if none does.
// `shared` is how many blocks those are: full ones, and each sequence has more.
size_t SharingSequences(absl::Span<const AttentionQueries> sequences, int64_t* shared) {
  constexpr size_t kMostSequences = 16;  // their scores stay in the second-level cache
  const auto full_before_last = [](const AttentionQueries& s) { return s.first_position / 16; };
  const AttentionQueries& first = sequences[0];
  *shared = 0;
  if (first.num_queries != 1) return 1;
  size_t count = 1;
  for (; count < std::min(sequences.size(), kMostSequences); ++count) {
    const AttentionQueries& next = sequences[count];
    if (next.num_queries != 1) break;
    const int64_t most =
        std::min(count == 1 ? full_before_last(first) : *shared, full_before_last(next));
    int64_t same = 0;
    while (same < most && next.blocks[same] == first.blocks[same]) ++same;
    if (same == 0) break;
    *shared = same;
  }
  return count;
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
  static thread_local std::vector<AttentionTask> tasks;
  tasks.clear();
  for (size_t s = 0; s < sequences.size();) {
    int64_t shared = 0;
    const size_t count = SharingSequences(sequences.subspan(s), &shared);
    const int64_t queries = sequences[s].num_queries;
    for (int64_t i = 0; i < queries; i += kChunk) {
      tasks.push_back({sequences.subspan(s, count), shared, i, std::min(i + kChunk, queries)});
    }
    s += count;
  }
  const auto& all = tasks;
  ParallelFor(std::ssize(all) * shape.num_kv_heads, [&](int64_t i) {
    HWY_DYNAMIC_DISPATCH(Attend)
    (shape, all[i / shape.num_kv_heads], static_cast<int>(i % shape.num_kv_heads), q_stride,
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
