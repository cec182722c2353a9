// Row-wise layers of a forward pass on a GPU, with the bits of kernels/pointwise.h and
// kernels/linear.h. T is float, or __nv_bfloat16: numbers that are rounded to it (Precision), by
// the same operations. Pointers are the device's; all run on `stream`.
#ifndef HONE_KERNELS_CUDA_POINTWISE_H_
#define HONE_KERNELS_CUDA_POINTWISE_H_

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda/paged.h"

namespace hone::cuda {

// y[i] = table[tokens[i]], rows of n.
template <typename T>
void Embed(const T* table, const int32_t* tokens, int64_t rows, int64_t n, T* y,
           cudaStream_t stream);

// y[i] = RMS norm of x[from[i]] (of x[i] where `from` is null), with weight w [n].
template <typename T>
void RmsNorm(const T* x, const int32_t* from, int64_t rows, int64_t n, const float* w, float eps,
             T* y, cudaStream_t stream);

// Norms (where there are weights [head_dim]) and rotates the queries and keys of qkv [rows][(heads
// + 2·kv_heads)·head_dim]: queries in place, keys into the cache, with the values. cos and sin as
// in kernels/rope_table.h.
template <typename T>
struct NormRope {
  T* qkv;
  const float* q_norm;  // may be null
  const float* k_norm;  // may be null
  float eps;
  const float* cos;
  const float* sin;
};
template <typename T>
void NormRopeStore(const NormRope<T>& arguments, const PagedRows& rows, const CacheLayer<T>& cache,
                   cudaStream_t stream);

// y [rows, n] = silu(gate)·up with x [rows, 2n] = [gate | up].
template <typename T>
void SwiGlu(const T* x, int64_t rows, int64_t n, T* y, cudaStream_t stream);

// y [rows, n] += bias [n].
template <typename T>
void AddBias(const float* bias, int64_t rows, int64_t n, T* y, cudaStream_t stream);

}  // namespace hone::cuda

#endif  // HONE_KERNELS_CUDA_POINTWISE_H_
