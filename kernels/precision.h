// What numbers a forward pass keeps between its operations. Arithmetic is fp32 in either case.
#ifndef HONE_KERNELS_PRECISION_H_
#define HONE_KERNELS_PRECISION_H_

#include <bit>
#include <cstdint>

namespace hone {

enum class Precision {
  kFloat32,   // results as they come
  kBFloat16,  // every result is rounded to the nearest bfloat16, ties to even, and kept as fp32
};

// The nearest bfloat16; NaN stays NaN.
inline float RoundToBFloat16(float x) {
  if (x != x) return x;
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u);
}

}  // namespace hone

#endif  // HONE_KERNELS_PRECISION_H_
