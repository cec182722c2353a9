// Two bfloat16 numbers in the place of one float: what processors with AVX512-BF16 multiply at
// once. A pair has the earlier element of a chain in its upper half, the next in its lower one.
#ifndef HONE_KERNELS_BFLOAT16_PAIRS_H_
#define HONE_KERNELS_BFLOAT16_PAIRS_H_

#include <bit>
#include <cstdint>

#include "kernels/isa.h"

namespace hone {

// Whether kernels may be given pairs.
inline bool HasPairs() { return ActiveIsa() == Isa::kAvx512Bf16; }

// Of two numbers that are bfloat16 already.
inline float MakePair(float first, float second) {
  return std::bit_cast<float>((std::bit_cast<uint32_t>(first) & 0xffff0000u) |
                              std::bit_cast<uint32_t>(second) >> 16);
}

// out[i] = the pair of x[2i], x[2i + 1], for i below `pairs`.
inline void MakePairs(const float* x, int64_t pairs, float* out) {
  for (int64_t i = 0; i < pairs; ++i) out[i] = MakePair(x[2 * i], x[2 * i + 1]);
}

}  // namespace hone

#endif  // HONE_KERNELS_BFLOAT16_PAIRS_H_
