// Building blocks shared by the kernels, compiled once for each instruction set (Highway).
//
// How results come out equal on AVX2 and AVX-512: everything is written for "rows of 16 lanes"
// (one AVX-512 register or two AVX2 registers). Element-wise code does the same operations in each
// lane whatever the width. A reduction keeps 16 partial results, lane i taking the elements
// i, i+16, i+32, …, and combines them in one fixed tree (SumOf16). Multiply-adds are explicit and
// fused on both. No function of the C library is called, because its results differ between
// versions.
#if defined(HONE_KERNELS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HONE_KERNELS_SIMD_INL_H_
#undef HONE_KERNELS_SIMD_INL_H_
#else
#define HONE_KERNELS_SIMD_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace hone {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using DI = hn::RebindToSigned<D>;
using V = hn::Vec<D>;
inline constexpr int kLanes = hn::MaxLanes(D());  // 16 or 8
inline constexpr int kParts = 16 / kLanes;        // registers that make a row of 16

// A row of 16 lanes.
struct V16 {
  V v[kParts];
};

HWY_INLINE V16 Load16(const float* p) {
  V16 r;
  for (int i = 0; i < kParts; ++i) r.v[i] = hn::LoadU(D(), p + i * kLanes);
  return r;
}
// The first n of 16 lanes from memory, the others zero.
HWY_INLINE V16 Load16(const float* p, size_t n) {
  if (n >= 16) return Load16(p);
  HWY_ALIGN float buffer[16] = {};
  for (size_t i = 0; i < n; ++i) buffer[i] = p[i];
  return Load16(buffer);
}
HWY_INLINE void Store16(const V16& a, float* p) {
  for (int i = 0; i < kParts; ++i) hn::StoreU(a.v[i], D(), p + i * kLanes);
}
HWY_INLINE void Store16(const V16& a, float* p, size_t n) {
  if (n >= 16) return Store16(a, p);
  HWY_ALIGN float buffer[16];
  Store16(a, buffer);
  for (size_t i = 0; i < n; ++i) p[i] = buffer[i];
}
HWY_INLINE V16 Set16(float x) {
  V16 r;
  for (int i = 0; i < kParts; ++i) r.v[i] = hn::Set(D(), x);
  return r;
}

#define HONE_V16_BINARY(name, op)                                 \
  HWY_INLINE V16 name(const V16& a, const V16& b) {               \
    V16 r;                                                        \
    for (int i = 0; i < kParts; ++i) r.v[i] = op(a.v[i], b.v[i]); \
    return r;                                                     \
  }
HONE_V16_BINARY(Add, hn::Add)
HONE_V16_BINARY(Sub, hn::Sub)
HONE_V16_BINARY(Mul, hn::Mul)
HONE_V16_BINARY(Div, hn::Div)
HONE_V16_BINARY(Max, hn::Max)
#undef HONE_V16_BINARY

// a·b + c, and c − a·b, each rounded once.
HWY_INLINE V16 MulAdd(const V16& a, const V16& b, const V16& c) {
  V16 r;
  for (int i = 0; i < kParts; ++i) r.v[i] = hn::MulAdd(a.v[i], b.v[i], c.v[i]);
  return r;
}
HWY_INLINE V16 NegMulAdd(const V16& a, const V16& b, const V16& c) {
  V16 r;
  for (int i = 0; i < kParts; ++i) r.v[i] = hn::NegMulAdd(a.v[i], b.v[i], c.v[i]);
  return r;
}
HWY_INLINE V16 Sqrt(const V16& a) {
  V16 r;
  for (int i = 0; i < kParts; ++i) r.v[i] = hn::Sqrt(a.v[i]);
  return r;
}

// The nearest bfloat16 of each lane, ties to even; NaN stays NaN.
HWY_INLINE V16 ToBFloat16(const V16& a) {
  const D d;
  const hn::RebindToUnsigned<D> du;
  V16 r;
  for (int i = 0; i < kParts; ++i) {
    const auto bits = hn::BitCast(du, a.v[i]);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
    const auto sum = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fffu)));
    const V rounded = hn::BitCast(d, hn::And(sum, hn::Set(du, 0xffff0000u)));
    r.v[i] = hn::IfThenElse(hn::IsNaN(a.v[i]), a.v[i], rounded);
  }
  return r;
}

// e^x with a relative error below 2e-7 in [-87, 88]; 0 below -87; x is capped at 88.
// Cody–Waite reduction by ln 2 and the Taylor polynomial of degree 7 on [-ln2/2, ln2/2].
HWY_INLINE V ExpLanes(V x) {
  const D d;
  const DI di;
  const auto too_small = hn::Lt(x, hn::Set(d, -87.0f));
  x = hn::Min(hn::Max(x, hn::Set(d, -87.0f)), hn::Set(d, 88.0f));
  // Adding 1.5·2^23 rounds to the nearest integer and leaves it in the low bits.
  const V magic = hn::Set(d, 12582912.0f);
  const V shifted = hn::MulAdd(x, hn::Set(d, 1.44269504088896341f), magic);
  const V n = hn::Sub(shifted, magic);
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  V p = hn::Set(d, 1.0f / 5040);
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 720));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 120));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 24));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 6));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  const auto exponent =
      hn::ShiftLeft<23>(hn::Sub(hn::BitCast(di, shifted), hn::BitCast(di, magic)));
  const V scaled = hn::BitCast(d, hn::Add(hn::BitCast(di, p), exponent));
  return hn::IfThenZeroElse(too_small, scaled);
}
HWY_INLINE V16 Exp(const V16& a) {
  V16 r;
  for (int i = 0; i < kParts; ++i) r.v[i] = ExpLanes(a.v[i]);
  return r;
}

// The fixed tree: lane i with i+8, then i+4, i+2, i+1.
HWY_INLINE float SumOf16(const V16& a) {
  HWY_ALIGN float x[16];
  Store16(a, x);
  for (int half = 8; half >= 1; half /= 2) {
    for (int i = 0; i < half; ++i) x[i] = x[i] + x[i + half];
  }
  return x[0];
}
HWY_INLINE float MaxOf16(const V16& a) {
  HWY_ALIGN float x[16];
  Store16(a, x);
  float m = x[0];
  for (int i = 1; i < 16; ++i) m = x[i] > m ? x[i] : m;
  return m;
}

// What SoftmaxRow leaves besides the row itself.
struct SoftmaxResult {
  float max;       // of x·scale
  float sum;       // Σ exp(x·scale − max)
  float weighted;  // Σ exp(x·scale − max)·(x·scale − max), if asked for
};

// In place: x ← exp(x·scale − max) for the first n elements, zero up to `padded` (a multiple of
// 16). Attention, the sampler and the loss all call it: equal inputs give equal log-probs.
template <bool kWeighted>
HWY_INLINE SoftmaxResult SoftmaxRow(float* x, int64_t n, int64_t padded, float scale) {
  // Far below exp's range: such lanes become exactly 0.
  constexpr float kNothing = -3.0e38f;
  for (int64_t j = n; j < padded; ++j) x[j] = kNothing;
  const V16 factor = Set16(scale);
  const int64_t whole = n / 16 * 16;
  V16 m = Set16(kNothing);
  for (int64_t j = 0; j < whole; j += 16) {
    const V16 z = Mul(Load16(x + j), factor);
    Store16(z, x + j);
    m = Max(m, z);
  }
  SoftmaxResult result{MaxOf16(m), 0.0f, 0.0f};
  for (int64_t j = whole; j < n; ++j) {
    x[j] = x[j] * scale;
    result.max = x[j] > result.max ? x[j] : result.max;
  }
  const V16 shift = Set16(result.max);
  V16 sum = Set16(0.0f), weighted = Set16(0.0f);
  for (int64_t j = 0; j < padded; j += 16) {
    const V16 z = Sub(Load16(x + j), shift);
    const V16 p = Exp(z);
    Store16(p, x + j);
    sum = Add(sum, p);
    if constexpr (kWeighted) weighted = MulAdd(p, z, weighted);
  }
  result.sum = SumOf16(sum);
  if constexpr (kWeighted) result.weighted = SumOf16(weighted);
  return result;
}

}  // namespace HWY_NAMESPACE
}  // namespace hone
HWY_AFTER_NAMESPACE();

#endif  // HONE_KERNELS_SIMD_INL_H_
