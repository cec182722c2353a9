// Causal attention over keys and values in blocks of 16 tokens, the layout of the rollout engine's
// paged cache. The learner lays its sequences out the same way, so both run one kernel.
//
// For a query at position t: s_j = (q·k_j)/√head_dim for j ≤ t, p_j = exp(s_j − max), out =
// (Σ p_j v_j)/(Σ p_j). Dots run over head_dim in order, Σ p_j v_j over j in order, Σ p_j in 16
// lanes (j mod 16) and the fixed tree: bits do not depend on how queries are grouped.
#ifndef HONE_KERNELS_ATTENTION_H_
#define HONE_KERNELS_ATTENTION_H_

#include <cstdint>

#include "absl/types/span.h"
#include "kernels/precision.h"

namespace hone {

inline constexpr int kKvBlockTokens = 16;

struct AttentionShape {
  int num_heads;
  int num_kv_heads;
  int head_dim;
  int window = 0;      // keys that a query sees, its own included: j > t − window; 0: all
  bool pairs = false;  // the cache holds pairs (kernels/bfloat16_pairs.h)

  constexpr int group() const { return num_heads / num_kv_heads; }
  constexpr int padded_dim() const { return (head_dim + 15) / 16 * 16; }
  // A block holds for each kv head K transposed, [padded_dim][16], then V, [16][padded_dim]; what
  // is beyond head_dim is zero in V and unused in K. As pairs, K is [padded_dim/2][16] pairs of
  // dimensions, V is [8][padded_dim] pairs of tokens. Then head_dim is even, and keys, values and
  // queries are bfloat16 numbers; Attention alone reads this, in bfloat16, with the same bits.
  constexpr int64_t part_floats() const {
    return int64_t{kKvBlockTokens} * padded_dim() / (pairs ? 2 : 1);
  }
  constexpr int64_t block_floats() const { return 2 * num_kv_heads * part_floats(); }
  // The first key that the query at `position` sees.
  constexpr int64_t first_key(int64_t position) const {
    return window > 0 && position >= window ? position - window + 1 : 0;
  }
};

// Puts the keys and values of one token (each [num_kv_heads][head_dim]) into slot `slot` of a
// block.
void StoreKv(const AttentionShape& shape, const float* k, const float* v, int slot, float* block);

// Consecutive queries of one sequence.
struct AttentionQueries {
  const float* q;  // [num_queries] rows of [num_heads][head_dim], q_stride apart
  int64_t num_queries;
  int64_t first_position;      // of the first query; it sees keys 0 … first_position
  const float* const* blocks;  // the sequence's blocks, in order
  float* out;                  // like q, out_stride apart
  float* log_sum;              // [num_queries][num_heads]: max + log Σ exp; may be null
};

// Runs on the thread pool. Neighbours with one query each that share their first blocks, as the
// samples of a group do, read these once. In bfloat16 each p_j is rounded before it meets v_j (not
// in Σ p_j), and so is the result: as PyTorch's scaled_dot_product_attention does on a CPU.
void Attention(const AttentionShape& shape, absl::Span<const AttentionQueries> sequences,
               int64_t q_stride, int64_t out_stride, Precision precision = Precision::kFloat32);

// Gradients of Attention for whole sequences (queries and keys at positions 0 … num_tokens-1).
// All rows are those of the fused buffer [q | k | v] of width (heads + 2·kv_heads)·head_dim.
struct AttentionGradient {
  const float* qkv;  // after norm and rotation
  const float* const* blocks;
  const float* out;      // [num_tokens][num_heads·head_dim]
  const float* log_sum;  // [num_tokens][num_heads]
  const float* dout;     // like out
  float* dqkv;           // like qkv; overwritten
  int64_t num_tokens;
};
void AttentionBackward(const AttentionShape& shape, absl::Span<const AttentionGradient> sequences);

}  // namespace hone

#endif  // HONE_KERNELS_ATTENTION_H_
