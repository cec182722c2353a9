// The register tile under matmul and attention: MR rows × NP panels of 16 columns, each element one
// chain of fused multiply-adds in increasing k.
#if defined(HONE_KERNELS_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HONE_KERNELS_TILE_INL_H_
#undef HONE_KERNELS_TILE_INL_H_
#else
#define HONE_KERNELS_TILE_INL_H_
#endif

#include "hwy/cache_control.h"
#include "kernels/matmul.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hone {
namespace HWY_NAMESPACE {

// Tall tiles take 2 panels with AVX-512 (24 accumulators of 32 registers) and 1 with AVX2
// (12 of 16); low ones take more panels, so that enough chains are in flight to hide the latency.
inline constexpr int kMaxTileRows = kParts == 1 ? 12 : 6;
constexpr int PanelsForRows(int rows) {
  if (kParts == 1) return rows <= 3 ? 8 : rows <= 6 ? 4 : 2;
  return rows == 1 ? 4 : rows <= 3 ? 2 : 1;
}

// acc + a·b in each lane. With kPairs (AVX-512 only) a lane of a and b holds two bfloat16 numbers,
// the earlier k in the upper half, and the processor's instruction gives fma(low, low, fma(high,
// high, acc)), rounded to fp32 each time: the same chain in half the steps, but that what is below
// 2^-126 counts as 0. It is called by its name, because Highway's AVX-512 does not include it.
template <bool kPairs>
HWY_INLINE V ChainStep(V a, V b, V acc) {
#if HWY_TARGET == HWY_AVX3
  if constexpr (kPairs) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(acc.raw) : "v"(a.raw), "v"(b.raw));
    return acc;
  }
#endif
  return hn::MulAdd(a, b, acc);
}

// `panels(chunk, p)` points to panel p of B for one chunk of `chunk_k` consecutive k, whose rows
// are `b_stride` floats apart. With kPairs every float in A and B is a pair. A plain product has
// one chunk; attention has one a cache block. `ahead`, if not null, is a panel that will be wanted
// soon: it is fetched row by row, since the many multiply-adds of a tall tile leave the processor
// too little room to look ahead by itself.
template <int MR, int NP, bool kPairs, class Panels>
HWY_INLINE void Tile(const float* HWY_RESTRICT a, int64_t a_row, int64_t a_column,
                     const Panels& panels, int64_t chunks, int64_t chunk_k, int64_t b_stride,
                     float* HWY_RESTRICT c, int64_t c_stride, Accumulate accumulate,
                     int64_t last_columns, const float* ahead) {
  const D d;
  V acc[MR][NP * kParts];
  const bool chain = accumulate == Accumulate::kChain;
  for (int r = 0; r < MR; ++r) {
    for (int p = 0; p < NP; ++p) {
      const V16 start =
          !chain ? Set16(0.0f) : Load16(c + r * c_stride + p * 16, p == NP - 1 ? last_columns : 16);
      for (int i = 0; i < kParts; ++i) acc[r][p * kParts + i] = start.v[i];
    }
  }
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const float* b[NP];
    for (int p = 0; p < NP; ++p) b[p] = panels(chunk, p);
    const float* const fetched = ahead != nullptr ? ahead : b[0];  // or what is here already
    for (int64_t k = 0; k < chunk_k; ++k) {
      if constexpr (MR > kMaxTileRows / 2) hwy::Prefetch(fetched + k * 16);
      V bv[NP * kParts];
      for (int p = 0; p < NP; ++p) {
        for (int i = 0; i < kParts; ++i) {
          bv[p * kParts + i] = hn::LoadU(d, b[p] + k * b_stride + i * kLanes);
        }
      }
      for (int r = 0; r < MR; ++r) {
        const V av = hn::Set(d, a[r * a_row + k * a_column]);
        for (int j = 0; j < NP * kParts; ++j) acc[r][j] = ChainStep<kPairs>(av, bv[j], acc[r][j]);
      }
    }
    a += chunk_k * a_column;
  }
  for (int r = 0; r < MR; ++r) {
    for (int p = 0; p < NP; ++p) {
      float* out = c + r * c_stride + p * 16;
      const size_t columns = p == NP - 1 ? last_columns : 16;
      V16 sum;
      for (int i = 0; i < kParts; ++i) sum.v[i] = acc[r][p * kParts + i];
      if (accumulate == Accumulate::kAdd) sum = Add(Load16(out, columns), sum);
      Store16(sum, out, columns);
    }
  }
}

// Panels [p, num_panels) for a tile of MR rows, NP at a time, then what is left by fewer at a time.
template <int MR, int NP, bool kPairs, class Panels>
HWY_INLINE void TileRowFrom(int64_t p, const float* a, int64_t a_row, int64_t a_column,
                            const Panels& panels, int64_t num_panels, int64_t chunks,
                            int64_t chunk_k, int64_t b_stride, float* c, int64_t c_stride,
                            Accumulate accumulate, int64_t last_columns, const float* ahead) {
  for (; p + NP <= num_panels; p += NP) {
    Tile<MR, NP, kPairs>(
        a, a_row, a_column, [&](int64_t chunk, int q) { return panels(chunk, p + q); }, chunks,
        chunk_k, b_stride, c + p * 16, c_stride, accumulate,
        p + NP == num_panels ? last_columns : 16, ahead);
  }
  if constexpr (NP > 1) {
    TileRowFrom<MR, NP / 2, kPairs>(p, a, a_row, a_column, panels, num_panels, chunks, chunk_k,
                                    b_stride, c, c_stride, accumulate, last_columns, ahead);
  }
}

// All panels [0, num_panels) for one tile of `rows` rows (at most kMaxTileRows). The last panel has
// `last_columns` columns (1 … 16).
template <int MR, bool kPairs, class Panels>
HWY_NOINLINE void TileRow(const float* a, int64_t a_row, int64_t a_column, const Panels& panels,
                          int64_t num_panels, int64_t chunks, int64_t chunk_k, int64_t b_stride,
                          float* c, int64_t c_stride, Accumulate accumulate, int64_t last_columns,
                          const float* ahead) {
  TileRowFrom<MR, PanelsForRows(MR), kPairs>(0, a, a_row, a_column, panels, num_panels, chunks,
                                             chunk_k, b_stride, c, c_stride, accumulate,
                                             last_columns, ahead);
}

template <bool kPairs, class Panels>
HWY_INLINE void TileRows(int rows, const float* a, int64_t a_row, int64_t a_column,
                         const Panels& panels, int64_t num_panels, int64_t chunks, int64_t chunk_k,
                         int64_t b_stride, float* c, int64_t c_stride, Accumulate accumulate,
                         int64_t last_columns, const float* ahead = nullptr) {
  switch (rows) {
#define HONE_ROWS(n)                                                                           \
  case n:                                                                                      \
    if constexpr (n <= kMaxTileRows) {                                                         \
      TileRow<n, kPairs>(a, a_row, a_column, panels, num_panels, chunks, chunk_k, b_stride, c, \
                         c_stride, accumulate, last_columns, ahead);                           \
    }                                                                                          \
    break;
    HONE_ROWS(1)
    HONE_ROWS(2)
    HONE_ROWS(3)
    HONE_ROWS(4)
    HONE_ROWS(5)
    HONE_ROWS(6)
    HONE_ROWS(7)
    HONE_ROWS(8)
    HONE_ROWS(9)
    HONE_ROWS(10)
    HONE_ROWS(11)
    HONE_ROWS(12)
#undef HONE_ROWS
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace hone
HWY_AFTER_NAMESPACE();

#endif  // HONE_KERNELS_TILE_INL_H_
