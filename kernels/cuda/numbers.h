// Arithmetic of the kernels, with the bits of kernels/simd-inl.h and kernels/scalar.h. This folder
// is compiled without contraction (--fmad=false): a multiply-add is fused where fmaf says so.
#ifndef HONE_KERNELS_CUDA_NUMBERS_H_
#define HONE_KERNELS_CUDA_NUMBERS_H_

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace hone::cuda {

// What kernels read and write is float, or bfloat16 for numbers that are rounded to it.
__device__ inline float ToFloat(float x) { return x; }
__device__ inline float ToFloat(__nv_bfloat16 x) { return __bfloat162float(x); }
template <typename T>
__device__ T FromFloat(float x);
template <>
__device__ inline float FromFloat<float>(float x) {
  return x;
}
template <>
__device__ inline __nv_bfloat16 FromFloat<__nv_bfloat16>(float x) {
  return __float2bfloat16_rn(x);
}
// x as T holds it.
template <typename T>
__device__ float Round(float x) {
  return ToFloat(FromFloat<T>(x));
}

// ExpLanes of kernels/simd-inl.h, in one lane.
__device__ inline float Exp(float x) {
  const bool too_small = x < -87.0f;
  x = fminf(fmaxf(x, -87.0f), 88.0f);
  const float magic = 12582912.0f;
  const float shifted = fmaf(x, 1.44269504088896341f, magic);
  const float n = shifted - magic;
  float r = fmaf(-n, 0.693359375f, x);
  r = fmaf(-n, -2.12194440e-4f, r);
  float p = 1.0f / 5040;
  p = fmaf(p, r, 1.0f / 720);
  p = fmaf(p, r, 1.0f / 120);
  p = fmaf(p, r, 1.0f / 24);
  p = fmaf(p, r, 1.0f / 6);
  p = fmaf(p, r, 0.5f);
  p = fmaf(p, r, 1.0f);
  p = fmaf(p, r, 1.0f);
  const unsigned exponent = (__float_as_uint(shifted) - __float_as_uint(magic)) << 23;
  return too_small ? 0.0f : __uint_as_float(__float_as_uint(p) + exponent);
}

// SumOf16 of kernels/simd-inl.h: the fixed tree over 16 lanes; x is lost.
__device__ inline float SumOf16(float* x) {
  for (int half = 8; half >= 1; half /= 2) {
    for (int i = 0; i < half; ++i) x[i] = x[i] + x[i + half];
  }
  return x[0];
}

// 1/√(mean(x²) + eps) over n elements in 16 lanes. All threads of a block call it, and get it.
template <typename T>
__device__ float InverseRms(const T* x, int n, float eps) {
  __shared__ float lanes[16];
  __shared__ float inverse;
  if (threadIdx.x < 16) {
    float sum = 0.0f;
#pragma unroll 8
    for (int j = threadIdx.x; j < n; j += 16) sum = fmaf(ToFloat(x[j]), ToFloat(x[j]), sum);
    lanes[threadIdx.x] = sum;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    inverse = 1.0f / sqrtf(SumOf16(lanes) / static_cast<float>(n) + eps);
  }
  __syncthreads();
  return inverse;
}

}  // namespace hone::cuda

#endif  // HONE_KERNELS_CUDA_NUMBERS_H_
