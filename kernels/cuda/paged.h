// Keys and values in blocks on a GPU, and the rows of a pass over them.
#ifndef HONE_KERNELS_CUDA_PAGED_H_
#define HONE_KERNELS_CUDA_PAGED_H_

#include <cstdint>

#include "kernels/attention.h"

namespace hone::cuda {

// The rows of a pass. Row i is the token at positions[i] of a sequence whose blocks are
// blocks[first_block[i]], … Pointers are the device's.
struct PagedRows {
  int64_t count;
  const int32_t* positions;
  const int32_t* first_block;
  const int32_t* blocks;
};

// A layer of the cache: blocks laid out as AttentionShape says, without pairs, of elements T.
template <typename T>
struct CacheLayer {
  AttentionShape shape;
  T* data;  // [blocks][block_floats()]
};

}  // namespace hone::cuda

#endif  // HONE_KERNELS_CUDA_PAGED_H_
