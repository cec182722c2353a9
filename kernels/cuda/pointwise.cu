#include "kernels/cuda/numbers.h"
#include "kernels/cuda/pointwise.h"
#include "kernels/cuda/runtime.h"
#include "kernels/pointwise.h"

namespace hone::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kHeadThreads = 64;

template <typename T>
__global__ void EmbedKernel(const T* table, const int32_t* tokens, int64_t n, T* y) {
  const T* from = table + tokens[blockIdx.x] * n;
  T* to = y + blockIdx.x * n;
  for (int64_t j = threadIdx.x; j < n; j += kThreads) to[j] = from[j];
}

template <typename T>
__global__ void RmsNormKernel(const T* x, const int32_t* from, int n, const float* w, float eps,
                              T* y) {
  const T* row = x + int64_t{from != nullptr ? from[blockIdx.x] : static_cast<int>(blockIdx.x)} * n;
  T* out = y + int64_t{blockIdx.x} * n;
  const float inverse = InverseRms(row, n, eps);
  for (int j = threadIdx.x; j < n; j += kThreads) {
    out[j] = FromFloat<T>(Round<T>(ToFloat(row[j]) * inverse) * w[j]);
  }
}

// One block for each head of each row: queries, then keys, then values.
template <typename T>
__global__ void NormRopeStoreKernel(NormRope<T> a, PagedRows rows, CacheLayer<T> cache) {
  const AttentionShape& shape = cache.shape;
  const int dim = shape.head_dim, half = dim / 2, padded_dim = shape.padded_dim();
  const int heads = shape.num_heads, kv_heads = shape.num_kv_heads;
  const int row = blockIdx.x, head = blockIdx.y, position = rows.positions[row];
  T* const x = a.qkv + (int64_t{row} * (heads + 2 * kv_heads) + head) * dim;
  // Of the head's keys, then values, in the row's block.
  const int32_t block = rows.blocks[rows.first_block[row] + position / kKvBlockTokens];
  const int slot = position % kKvBlockTokens;
  T* const part = cache.data + block * shape.block_floats();
  if (head >= heads + kv_heads) {
    const int kv_head = head - heads - kv_heads;
    T* const values = part + (2 * kv_head + 1) * shape.part_floats() + slot * padded_dim;
    for (int d = threadIdx.x; d < padded_dim; d += kHeadThreads) {
      values[d] = d < dim ? x[d] : FromFloat<T>(0.0f);
    }
    return;
  }
  const bool is_key = head >= heads;
  const float* const w = is_key ? a.k_norm : a.q_norm;
  __shared__ float normed[kMaxHeadDim];
  const float inverse = w != nullptr ? InverseRms(x, dim, a.eps) : 1.0f;
  for (int d = threadIdx.x; d < dim; d += kHeadThreads) {
    normed[d] = w != nullptr ? Round<T>(Round<T>(ToFloat(x[d]) * inverse) * w[d]) : ToFloat(x[d]);
  }
  __syncthreads();
  T* const keys = part + 2 * (head - heads) * shape.part_floats() + slot;
  const auto store = [&](int d, float value) {
    (is_key ? keys[d * kKvBlockTokens] : x[d]) = FromFloat<T>(value);
  };
  for (int j = threadIdx.x; j < half; j += kHeadThreads) {
    const float c = a.cos[int64_t{position} * half + j], s = a.sin[int64_t{position} * half + j];
    const float first = normed[j], second = normed[half + j];
    if constexpr (sizeof(T) == sizeof(float)) {
      store(j, fmaf(-second, s, first * c));
      store(half + j, fmaf(first, s, second * c));
    } else {
      store(j, Round<T>(first * c) - Round<T>(second * s));
      store(half + j, Round<T>(second * c) + Round<T>(first * s));
    }
  }
}

template <typename T>
__global__ void SwiGluKernel(const T* x, int64_t n, T* y) {
  const T* gate = x + int64_t{blockIdx.x} * 2 * n;
  const T* up = gate + n;
  T* out = y + blockIdx.x * n;
  for (int64_t j = int64_t{blockIdx.y} * kThreads + threadIdx.x; j < n;
       j += int64_t{gridDim.y} * kThreads) {
    const float g = ToFloat(gate[j]);
    const float silu = Round<T>(g / (1.0f + Exp(0.0f - g)));
    out[j] = FromFloat<T>(silu * ToFloat(up[j]));
  }
}

template <typename T>
__global__ void AddBiasKernel(const float* bias, int64_t n, T* y) {
  T* row = y + blockIdx.x * n;
  for (int64_t j = threadIdx.x; j < n; j += kThreads) {
    row[j] = FromFloat<T>(ToFloat(row[j]) + bias[j]);
  }
}

}  // namespace

template <typename T>
void Embed(const T* table, const int32_t* tokens, int64_t rows, int64_t n, T* y,
           cudaStream_t stream) {
  if (rows == 0) return;
  Launch("embedding", dim3(rows), dim3(kThreads), stream, EmbedKernel<T>, table, tokens, n, y);
}

template <typename T>
void RmsNorm(const T* x, const int32_t* from, int64_t rows, int64_t n, const float* w, float eps,
             T* y, cudaStream_t stream) {
  if (rows == 0) return;
  Launch("norm", dim3(rows), dim3(kThreads), stream, RmsNormKernel<T>, x, from, n, w, eps, y);
}

template <typename T>
void NormRopeStore(const NormRope<T>& arguments, const PagedRows& rows, const CacheLayer<T>& cache,
                   cudaStream_t stream) {
  if (rows.count == 0) return;
  const AttentionShape& shape = cache.shape;
  Launch("rotation", dim3(rows.count, shape.num_heads + 2 * shape.num_kv_heads), dim3(kHeadThreads),
         stream, NormRopeStoreKernel<T>, arguments, rows, cache);
}

template <typename T>
void SwiGlu(const T* x, int64_t rows, int64_t n, T* y, cudaStream_t stream) {
  if (rows == 0) return;
  const int64_t parts = (n + 4 * kThreads - 1) / (4 * kThreads);  // so that one row fills a GPU
  Launch("SwiGLU", dim3(rows, parts), dim3(kThreads), stream, SwiGluKernel<T>, x, n, y);
}

template <typename T>
void AddBias(const float* bias, int64_t rows, int64_t n, T* y, cudaStream_t stream) {
  if (rows == 0) return;
  Launch("bias", dim3(rows), dim3(kThreads), stream, AddBiasKernel<T>, bias, n, y);
}

#define HONE_INSTANTIATE(T)                                                                  \
  template void Embed(const T*, const int32_t*, int64_t, int64_t, T*, cudaStream_t);         \
  template void RmsNorm(const T*, const int32_t*, int64_t, int64_t, const float*, float, T*, \
                        cudaStream_t);                                                       \
  template void NormRopeStore(const NormRope<T>&, const PagedRows&, const CacheLayer<T>&,    \
                              cudaStream_t);                                                 \
  template void SwiGlu(const T*, int64_t, int64_t, T*, cudaStream_t);                        \
  template void AddBias(const float*, int64_t, int64_t, T*, cudaStream_t);
HONE_INSTANTIATE(float)
HONE_INSTANTIATE(__nv_bfloat16)
#undef HONE_INSTANTIATE

}  // namespace hone::cuda
