#include "kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

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
template <class Panels>
void Product(int64_t rows, const float* a, int64_t a_row, int64_t a_column, const Panels& panels,
             int64_t num_panels, int64_t chunks, int64_t chunk_k, int64_t b_stride, float* c,
             int64_t c_stride, Accumulate accumulate) {
  const int64_t tiles = (rows + kMaxTileRows - 1) / kMaxTileRows;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t begin = rows * t / tiles, end = rows * (t + 1) / tiles;
    TileRows(static_cast<int>(end - begin), a + begin * a_row, a_row, a_column, panels, num_panels,
             chunks, chunk_k, b_stride, c + begin * c_stride, c_stride, accumulate, 16);
  }
}

// Queries [begin, end) of a sequence for one kv head. The group's query heads share the keys, so
// they are rows of one tile: row = (query, head of the group).
void AttendHead(const AttentionShape& shape, const AttentionQueries& seq, int64_t begin,
                int64_t end, int kv_head, int64_t q_stride, int64_t out_stride, float scale) {
  const int dim = shape.head_dim;
  const int group = shape.group();
  const int64_t kv_floats = int64_t{2} * kKvBlockTokens * dim;
  const int queries_per_tile = std::max(1, kMaxTileRows / group);
  static thread_local std::vector<float> scratch;
  const int64_t longest = (seq.first_position + end + 15) / 16 * 16;
  const size_t wanted = static_cast<size_t>(queries_per_tile * group) * (longest + 2 * dim);
  if (scratch.size() < wanted) scratch.resize(wanted);
  float* rows_q = scratch.data();                             // [rows][dim]
  float* rows_out = rows_q + queries_per_tile * group * dim;  // [rows][dim]
  float* scores = rows_out + queries_per_tile * group * dim;  // [rows][padded]

  for (int64_t i = begin; i < end; i += queries_per_tile) {
    const int64_t queries = std::min<int64_t>(queries_per_tile, end - i);
    const int64_t rows = queries * group;
    for (int64_t r = 0; r < rows; ++r) {
      std::copy_n(seq.q + (i + r / group) * q_stride + (kv_head * group + r % group) * dim, dim,
                  rows_q + r * dim);
    }
    const int64_t keys = seq.first_position + i + queries;  // that the last query sees
    const int64_t blocks = (keys + 15) / 16;
    const int64_t padded = blocks * 16;
    Product(
        rows, rows_q, dim, 1,
        [&](int64_t, int64_t p) { return seq.blocks[p] + kv_head * kv_floats; }, blocks, 1, dim, 16,
        scores, padded, Accumulate::kStore);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t query = i + r / group;
      const SoftmaxResult softmax =
          SoftmaxRow<false>(scores + r * padded, seq.first_position + query + 1, padded, scale);
      if (seq.log_sum != nullptr) {
        seq.log_sum[query * shape.num_heads + kv_head * group + r % group] =
            softmax.max + Log(softmax.sum);
      }
      rows_q[r * dim] = 1.0f / softmax.sum;  // the query is used up; keep the factor in its place
    }
    Product(
        rows, scores, padded, 1,
        [&](int64_t chunk, int64_t p) {
          return seq.blocks[chunk] + kv_head * kv_floats + kKvBlockTokens * dim + p * 16;
        },
        dim / 16, blocks, kKvBlockTokens, dim, rows_out, dim, Accumulate::kStore);
    for (int64_t r = 0; r < rows; ++r) {
      const V16 factor = Set16(rows_q[r * dim]);
      float* out = seq.out + (i + r / group) * out_stride + (kv_head * group + r % group) * dim;
      for (int d = 0; d < dim; d += 16)
        Store16(Mul(Load16(rows_out + r * dim + d), factor), out + d);
    }
  }
}

// One kv head of one sequence. With P = softmax(S): dV = Pᵀ·dO, dP = dO·Vᵀ,
// dS = P ∘ (dP − rowsum(dO ∘ O))/√dim, dQ = dS·K, dK = dSᵀ·Q, by tiles of queries.
void AttendHeadBackward(const AttentionShape& shape, const AttentionGradient& seq, int kv_head,
                        float scale) {
  const int dim = shape.head_dim;
  const int group = shape.group();
  const int64_t width = int64_t{shape.num_heads + 2 * shape.num_kv_heads} * dim;
  const int64_t out_width = int64_t{shape.num_heads} * dim;
  const int64_t kv_floats = int64_t{2} * kKvBlockTokens * dim;
  const int64_t tokens = seq.num_tokens;
  const int64_t all_blocks = (tokens + 15) / 16;
  const float* k = seq.qkv + int64_t{shape.num_heads + kv_head} * dim;
  float* dk = seq.dqkv + int64_t{shape.num_heads + kv_head} * dim;
  float* dv = dk + int64_t{shape.num_kv_heads} * dim;
  constexpr int64_t kTileQueries = 48;

  static thread_local std::vector<float> scratch;
  const int64_t padded_tokens = all_blocks * 16;
  const size_t wanted = padded_tokens * (dim + 2 * kTileQueries);
  if (scratch.size() < wanted) scratch.resize(wanted);
  float* v_transposed = scratch.data();           // [blocks][dim][16]
  float* p = v_transposed + padded_tokens * dim;  // [queries][padded keys]
  float* ds = p + kTileQueries * padded_tokens;   // likewise

  for (int64_t b = 0; b < all_blocks; ++b) {
    const float* v = seq.blocks[b] + kv_head * kv_floats + kKvBlockTokens * dim;
    for (int j = 0; j < 16; ++j) {
      const bool exists = b * 16 + j < tokens;  // the cache's unused slots hold anything
      for (int d = 0; d < dim; ++d) {
        v_transposed[(b * dim + d) * 16 + j] = exists ? v[j * dim + d] : 0.0f;
      }
    }
  }
  for (int64_t t = 0; t < tokens; ++t) {
    std::fill_n(dk + t * width, dim, 0.0f);
    std::fill_n(dv + t * width, dim, 0.0f);
  }
  for (int h = 0; h < group; ++h) {
    const int64_t head = int64_t{kv_head} * group + h;
    const float* q = seq.qkv + head * dim;
    float* dq = seq.dqkv + head * dim;
    const float* out = seq.out + head * dim;
    const float* dout = seq.dout + head * dim;
    for (int64_t begin = 0; begin < tokens; begin += kTileQueries) {
      const int64_t queries = std::min(kTileQueries, tokens - begin);
      const int64_t keys = begin + queries;
      const int64_t blocks = (keys + 15) / 16;
      const int64_t padded = blocks * 16;
      Product(
          queries, q + begin * width, width, 1,
          [&](int64_t, int64_t b) { return seq.blocks[b] + kv_head * kv_floats; }, blocks, 1, dim,
          16, p, padded, Accumulate::kStore);
      Product(
          queries, dout + begin * out_width, out_width, 1,
          [&](int64_t, int64_t b) { return v_transposed + b * dim * 16; }, blocks, 1, dim, 16, ds,
          padded, Accumulate::kStore);
      for (int64_t i = 0; i < queries; ++i) {
        const int64_t t = begin + i;
        V16 dot = Set16(0.0f);
        for (int d = 0; d < dim; d += 16) {
          dot = MulAdd(Load16(dout + t * out_width + d), Load16(out + t * out_width + d), dot);
        }
        const V16 mean = Set16(SumOf16(dot));
        const V16 shift = Set16(seq.log_sum[t * shape.num_heads + head]);
        const V16 factor = Set16(scale);
        float* p_row = p + i * padded;
        float* ds_row = ds + i * padded;
        for (int64_t j = t + 1; j < padded; ++j) p_row[j] = -3.0e38f;
        for (int64_t j = 0; j < padded; j += 16) {
          const V16 prob = Exp(Sub(Mul(Load16(p_row + j), factor), shift));
          Store16(prob, p_row + j);
          Store16(Mul(Mul(prob, Sub(Load16(ds_row + j), mean)), factor), ds_row + j);
        }
      }
      // kChain with one chunk: dQ starts from zero, dK and dV from what earlier tiles left.
      Product(
          queries, ds, padded, 1, [&](int64_t, int64_t c) { return k + c * 16; }, dim / 16, 1, keys,
          width, dq + begin * width, width, Accumulate::kStore);
      Product(
          keys, ds, 1, padded, [&](int64_t, int64_t c) { return q + begin * width + c * 16; },
          dim / 16, 1, queries, width, dk, width, Accumulate::kChain);
      Product(
          keys, p, 1, padded, [&](int64_t, int64_t c) { return dout + begin * out_width + c * 16; },
          dim / 16, 1, queries, out_width, dv, width, Accumulate::kChain);
    }
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

}  // namespace

void StoreKv(const AttentionShape& shape, const float* k, const float* v, int slot, float* block) {
  const int dim = shape.head_dim;
  for (int h = 0; h < shape.num_kv_heads; ++h) {
    float* keys = block + int64_t{2} * h * kKvBlockTokens * dim;
    float* values = keys + kKvBlockTokens * dim;
    for (int d = 0; d < dim; ++d) keys[d * kKvBlockTokens + slot] = k[h * dim + d];
    std::copy_n(v + h * dim, dim, values + slot * dim);
  }
}

void Attention(const AttentionShape& shape, absl::Span<const AttentionQueries> sequences,
               int64_t q_stride, int64_t out_stride) {
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
     out_stride, Scale(shape));
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
