// bfloat16 of CUDA's cuda_bf16.h, as far as Hone's kernels use it. No arithmetic operators and no
// implicit conversions: CUDA has them, but kernels should say where they round.
#ifndef HONE_TESTS_GPU_EMULATION_CUDA_BF16_H_
#define HONE_TESTS_GPU_EMULATION_CUDA_BF16_H_

#include <type_traits>

#include "cuda_runtime.h"

// NOLINTBEGIN(readability-identifier-naming,google-explicit-constructor): names of CUDA

struct __nv_bfloat16 {
  __nv_bfloat16() = default;

 private:
  friend __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits);
  friend unsigned short __bfloat16_as_ushort(__nv_bfloat16 x);
  unsigned short bits_;
};

struct alignas(4) __nv_bfloat162 {
  __nv_bfloat162() = default;
  __nv_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) : x(x), y(y) {}
  __nv_bfloat16 x, y;
};

static_assert(sizeof(__nv_bfloat16) == 2 && std::is_trivial_v<__nv_bfloat16>);
static_assert(sizeof(__nv_bfloat162) == 4 && std::is_trivially_copyable_v<__nv_bfloat162>);

using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;

inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) {
  __nv_bfloat16 x;
  x.bits_ = bits;
  return x;
}
inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 x) { return x.bits_; }

inline float __bfloat162float(__nv_bfloat16 x) {
  return __uint_as_float(static_cast<unsigned int>(__bfloat16_as_ushort(x)) << 16);
}

// To nearest, ties to even. Every NaN becomes 0x7fff, as CUDA has it.
inline __nv_bfloat16 __float2bfloat16_rn(float x) {
  const unsigned int bits = __float_as_uint(x);
  if (x != x) return __ushort_as_bfloat16(0x7fff);
  return __ushort_as_bfloat16(
      static_cast<unsigned short>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16));
}
inline __nv_bfloat16 __float2bfloat16(float x) { return __float2bfloat16_rn(x); }

inline float2 __bfloat1622float2(__nv_bfloat162 x) {
  return {__bfloat162float(x.x), __bfloat162float(x.y)};
}
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) {
  return {__float2bfloat16_rn(x), __float2bfloat16_rn(y)};
}

// NOLINTEND(readability-identifier-naming,google-explicit-constructor)

#endif  // HONE_TESTS_GPU_EMULATION_CUDA_BF16_H_
