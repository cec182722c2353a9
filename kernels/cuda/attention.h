// Attention of a pass over paged keys and values on a GPU, for prefill and decode alike. T is
// float, or __nv_bfloat16: numbers that are rounded to it.
#ifndef HONE_KERNELS_CUDA_ATTENTION_H_
#define HONE_KERNELS_CUDA_ATTENTION_H_

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda/paged.h"

namespace hone::cuda {

// out [rows][heads·head_dim] of the queries in qkv [rows][(heads + 2·kv_heads)·head_dim]; row i
// sees the keys up to its position, within the shape's window. The keys of each row are cut into
// `splits` parts that are attended to at the same time and put together afterwards (flash-decoding:
// Dao et al. 2023). With one part the bits are those of kernels/attention.h; with several, sums are
// in another order.
//
// `parts` is room for what the parts leave: PartFloats(…) floats, none for one part.
template <typename T>
void Attention(const T* qkv, const PagedRows& rows, const CacheLayer<T>& cache, int splits,
               float* parts, T* out, cudaStream_t stream);

int64_t PartFloats(const AttentionShape& shape, int64_t rows, int splits);

// Keys of a part that are read only once. A longer part reads its keys twice.
inline constexpr int kAttentionTile = 512;

// One block into another: `layers` of them, `layer_elements` apart.
template <typename T>
void CopyBlock(T* data, int layers, int64_t layer_elements, int64_t block_elements, int32_t from,
               int32_t to, cudaStream_t stream);

}  // namespace hone::cuda

#endif  // HONE_KERNELS_CUDA_ATTENTION_H_
