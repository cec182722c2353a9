#include "kernels/cuda/attention.h"

#include <cmath>

#include "kernels/cuda/numbers.h"
#include "kernels/cuda/runtime.h"
#include "kernels/pointwise.h"

namespace hone::cuda {
namespace {

constexpr int kThreads = 128;
// Query heads of one kv head that read its keys together, at most; more are done one such lot after
// the other. The sum of each has 16 lanes, and each of these a thread.
constexpr int kMaxHeads = kThreads / 16;
constexpr int kDimsOfThread = kMaxHeadDim / kThreads;
constexpr float kNothing = -3.0e38f;  // below every score; Exp makes exactly 0 of it

// What a part of a row's keys leaves for one head: Σ p_j·v_j [padded_dim], max, Σ p_j.
__host__ __device__ constexpr int64_t FloatsOfPart(int padded_dim) { return padded_dim + 2; }

template <typename T>
struct AttentionArguments {
  const T* qkv;
  PagedRows rows;
  CacheLayer<T> cache;
  float scale;
  float* parts;  // [rows][heads][splits][FloatsOfPart]; null: one part
  T* out;
};

// The largest of all threads' x.
__device__ float MaxOfBlock(float x) {
  __shared__ float warps[kThreads / 32];
  for (int lanes = 16; lanes >= 1; lanes /= 2) x = fmaxf(x, __shfl_xor_sync(~0u, x, lanes));
  __syncthreads();  // the last call's numbers are read
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = x;
  __syncthreads();
  x = warps[0];
  for (int i = 1; i < kThreads / 32; ++i) x = fmaxf(x, warps[i]);
  return x;
}

// One block for a part of the keys of one row, for one kv head.
template <typename T, int kHeads>
__global__ void __launch_bounds__(kThreads) AttentionKernel(AttentionArguments<T> a) {
  const AttentionShape& shape = a.cache.shape;
  const int dim = shape.head_dim, padded_dim = shape.padded_dim(), group = shape.group();
  const int row = blockIdx.x, kv_head = blockIdx.y, split = blockIdx.z, splits = gridDim.z;
  const int position = a.rows.positions[row];
  const int32_t* const blocks = a.rows.blocks + a.rows.first_block[row];
  const int first_key = static_cast<int>(shape.first_key(position));
  // Whole blocks, from the one with the first key.
  const int first_block = first_key / kKvBlockTokens;
  const int num_blocks = position / kKvBlockTokens + 1 - first_block;
  const int begin = (first_block + num_blocks * split / splits) * kKvBlockTokens;
  const int end = (first_block + num_blocks * (split + 1) / splits) * kKvBlockTokens;
  const T* const q_row = a.qkv + int64_t{row} * (shape.num_heads + 2 * shape.num_kv_heads) * dim;
  const auto part = [&](int key) {  // the head's keys, then values, in the key's block
    return a.cache.data + blocks[key / kKvBlockTokens] * shape.block_floats() +
           2 * kv_head * shape.part_floats();
  };

  __shared__ float q[kHeads][kMaxHeadDim];
  __shared__ float scores[kHeads][kAttentionTile];
  __shared__ float lanes[kHeads][16];
  __shared__ float factors[kHeads];

  for (int first_head = 0; first_head < group; first_head += kHeads) {
    const int heads = group - first_head < kHeads ? group - first_head : kHeads;
    const int head0 = kv_head * group + first_head;
    __syncthreads();  // the lot before is done
    for (int i = threadIdx.x; i < kHeads * dim; i += kThreads) {
      const int h = i / dim, d = i % dim;
      q[h][d] = h < heads ? ToFloat(q_row[int64_t{head0 + h} * dim + d]) : 0.0f;
    }
    __syncthreads();

    // Scores of the keys from `tile` on, as far as they are the part's; what is not seen is
    // nothing.
    const auto score = [&](int tile) {
      for (int key = tile + threadIdx.x; key < end && key < tile + kAttentionTile;
           key += kThreads) {
        const T* const k = part(key) + key % kKvBlockTokens;
        float sum[kHeads] = {};
#pragma unroll 4
        for (int d = 0; d < dim; ++d) {
          const float x = ToFloat(k[d * kKvBlockTokens]);
#pragma unroll
          for (int h = 0; h < kHeads; ++h) sum[h] = fmaf(q[h][d], x, sum[h]);
        }
        const bool seen = key >= first_key && key <= position;
#pragma unroll
        for (int h = 0; h < kHeads; ++h) {
          scores[h][key - tile] = seen ? sum[h] * a.scale : kNothing;
        }
      }
    };
    float max[kHeads];
    for (int h = 0; h < kHeads; ++h) max[h] = kNothing;
    for (int tile = begin; tile < end; tile += kAttentionTile) {
      score(tile);  // each thread looks at its own
      for (int key = tile + threadIdx.x; key < end && key < tile + kAttentionTile;
           key += kThreads) {
        for (int h = 0; h < kHeads; ++h) max[h] = fmaxf(max[h], scores[h][key - tile]);
      }
    }
    for (int h = 0; h < kHeads; ++h) max[h] = MaxOfBlock(max[h]);

    float sums[kDimsOfThread][kHeads] = {};  // of dimensions threadIdx.x, + kThreads, …
    float lane = 0.0f;                       // of head threadIdx.x / 16
    for (int tile = begin; tile < end; tile += kAttentionTile) {
      const int size = end - tile < kAttentionTile ? end - tile : kAttentionTile;
      if (end - begin > kAttentionTile) score(tile);  // else they are there
      for (int i = threadIdx.x; i < size; i += kThreads) {
        for (int h = 0; h < kHeads; ++h) scores[h][i] = Exp(scores[h][i] - max[h]);
      }
      __syncthreads();
      if (threadIdx.x < kHeads * 16) {
        for (int i = threadIdx.x % 16; i < size; i += 16) lane += scores[threadIdx.x / 16][i];
      }
      if constexpr (sizeof(T) < sizeof(float)) {  // what meets v is rounded, the sum is not
        __syncthreads();
        for (int i = threadIdx.x; i < size; i += kThreads) {
          for (int h = 0; h < kHeads; ++h) scores[h][i] = Round<T>(scores[h][i]);
        }
        __syncthreads();
      }
#pragma unroll
      for (int c = 0; c < kDimsOfThread; ++c) {
        const int d = static_cast<int>(threadIdx.x) + c * kThreads;
        if (d >= dim) break;
        for (int i = 0; i < size; i += kKvBlockTokens) {
          const T* const values = part(tile + i) + shape.part_floats() + d;
#pragma unroll
          for (int slot = 0; slot < kKvBlockTokens; ++slot) {
            const float v = ToFloat(values[slot * padded_dim]);
#pragma unroll
            for (int h = 0; h < kHeads; ++h) {
              sums[c][h] = fmaf(scores[h][i + slot], v, sums[c][h]);
            }
          }
        }
      }
      __syncthreads();  // before the scores are overwritten
    }

    if (threadIdx.x < kHeads * 16) lanes[threadIdx.x / 16][threadIdx.x % 16] = lane;
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < heads) {
      const float sum = SumOf16(lanes[threadIdx.x]);
      factors[threadIdx.x] = 1.0f / sum;
      if (a.parts != nullptr) {
        float* const left =
            a.parts + ((int64_t{row} * shape.num_heads + head0 + threadIdx.x) * splits + split) *
                          FloatsOfPart(padded_dim);
        left[padded_dim] = max[threadIdx.x];
        left[padded_dim + 1] = sum;
      }
    }
    __syncthreads();
#pragma unroll
    for (int c = 0; c < kDimsOfThread; ++c) {
      const int d = static_cast<int>(threadIdx.x) + c * kThreads;
      if (d >= dim) break;
      for (int h = 0; h < heads; ++h) {
        const int64_t head = int64_t{row} * shape.num_heads + head0 + h;
        if (a.parts != nullptr) {
          a.parts[(head * splits + split) * FloatsOfPart(padded_dim) + d] = sums[c][h];
        } else {
          a.out[head * dim + d] = FromFloat<T>(sums[c][h] * factors[h]);
        }
      }
    }
  }
}

// One block for each head of each row.
template <typename T>
__global__ void CombineKernel(const float* parts, int splits, int dim, int padded_dim, T* out) {
  const int64_t head = int64_t{blockIdx.x} * gridDim.y + blockIdx.y;
  const float* const own = parts + head * splits * FloatsOfPart(padded_dim);
  float max = kNothing;
  for (int s = 0; s < splits; ++s) {
    max = fmaxf(max, own[s * FloatsOfPart(padded_dim) + padded_dim]);
  }
  float total = 0.0f;
  for (int s = 0; s < splits; ++s) {
    const float* const part = own + s * FloatsOfPart(padded_dim) + padded_dim;
    total += part[1] * Exp(part[0] - max);
  }
  for (int d = threadIdx.x; d < dim; d += kThreads) {
    float sum = 0.0f;
    for (int s = 0; s < splits; ++s) {
      const float* const part = own + s * FloatsOfPart(padded_dim);
      sum += part[d] * Exp(part[padded_dim] - max);
    }
    out[head * dim + d] = FromFloat<T>(sum / total);
  }
}

template <typename T>
__global__ void CopyBlockKernel(T* data, int64_t layer_elements, int64_t block_elements,
                                int32_t from, int32_t to) {
  T* const layer = data + blockIdx.x * layer_elements;
  for (int64_t i = threadIdx.x; i < block_elements; i += kThreads) {
    layer[to * block_elements + i] = layer[from * block_elements + i];
  }
}

template <typename T>
auto KernelFor(int group) {
  if (group == 1) return AttentionKernel<T, 1>;
  if (group == 2) return AttentionKernel<T, 2>;
  if (group <= 4) return AttentionKernel<T, 4>;
  return AttentionKernel<T, kMaxHeads>;
}

}  // namespace

int64_t PartFloats(const AttentionShape& shape, int64_t rows, int splits) {
  return splits == 1 ? 0 : rows * shape.num_heads * splits * FloatsOfPart(shape.padded_dim());
}

template <typename T>
void Attention(const T* qkv, const PagedRows& rows, const CacheLayer<T>& cache, int splits,
               float* parts, T* out, cudaStream_t stream) {
  if (rows.count == 0) return;
  const AttentionShape& shape = cache.shape;
  const float scale = 1.0f / std::sqrt(static_cast<float>(shape.head_dim));
  const AttentionArguments<T> arguments = {qkv, rows, cache, scale, splits > 1 ? parts : nullptr,
                                           out};
  Launch("attention", dim3(rows.count, shape.num_kv_heads, splits), dim3(kThreads), stream,
         KernelFor<T>(shape.group()), arguments);
  if (splits == 1) return;
  Launch("attention's parts", dim3(rows.count, shape.num_heads), dim3(kThreads), stream,
         CombineKernel<T>, parts, splits, shape.head_dim, shape.padded_dim(), out);
}

template <typename T>
void CopyBlock(T* data, int layers, int64_t layer_elements, int64_t block_elements, int32_t from,
               int32_t to, cudaStream_t stream) {
  Launch("copying a block", dim3(layers), dim3(kThreads), stream, CopyBlockKernel<T>, data,
         layer_elements, block_elements, from, to);
}

#define HONE_INSTANTIATE(T)                                                                  \
  template void Attention(const T*, const PagedRows&, const CacheLayer<T>&, int, float*, T*, \
                          cudaStream_t);                                                     \
  template void CopyBlock(T*, int, int64_t, int64_t, int32_t, int32_t, cudaStream_t);
HONE_INSTANTIATE(float)
HONE_INSTANTIATE(__nv_bfloat16)
#undef HONE_INSTANTIATE

}  // namespace hone::cuda
