#include "kernels/matmul.h"

#include <immintrin.h>

#include <algorithm>
#include <vector>

#include "hwy/cache_control.h"
#include "kernels/bfloat16_pairs.h"
#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/simd-inl.h"
#include "kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hone {
namespace HWY_NAMESPACE {

// Asks for the lines of C [rows, 16·panels] ahead of time: one that comes from memory takes as long
// as a quarter of a tile's arithmetic.
HWY_INLINE void PrefetchOutput(const float* c, int64_t rows, int64_t panels, int64_t c_stride) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t p = 0; p < panels; ++p) hwy::Prefetch(c + r * c_stride + p * 16);
  }
}

// Rows [row_begin, row_end) × panels [panel_begin, panel_end). Panels are taken a few at a time, so
// that they stay in the first-level cache while all rows pass by.
template <bool kPairs>
void MatMulPartOf(const LeftMatrix& a, int64_t row_begin, int64_t row_end, const PackedMatrix& b,
                  int64_t panel_begin, int64_t panel_end, float* c, int64_t c_stride,
                  Accumulate accumulate) {
  const int64_t rows = row_end - row_begin;
  const int64_t tiles = (rows + kMaxTileRows - 1) / kMaxTileRows;
  if (tiles == 0) return;
  // With few rows the panels are passed once anyway; else as many as make a wide tile.
  const int64_t step = tiles == 1 ? panel_end - panel_begin : PanelsForRows(kMaxTileRows);
  const int64_t last_panel = (b.n() + 15) / 16 - 1;
  for (int64_t p = panel_begin; p < panel_end; p += step) {
    const int64_t num_panels = std::min(step, panel_end - p);
    const int64_t last_columns =
        p + num_panels - 1 == last_panel ? b.n() - last_panel * 16 : int64_t{16};
    for (int64_t t = 0; t < tiles; ++t) {
      // Rows are dealt evenly: 64 make 11+11+11+11+10+10, not 5×12 and a slow rest of 4.
      const int64_t begin = row_begin + rows * t / tiles;
      const int64_t end = row_begin + rows * (t + 1) / tiles;
      if (t + 1 < tiles) {
        PrefetchOutput(c + end * c_stride + p * 16, row_begin + rows * (t + 2) / tiles - end,
                       num_panels, c_stride);
      }
      // The first tiles fetch the panels that come next, one each.
      const int64_t next = p + step + t;
      const float* ahead = tiles > 1 && t < step && next < panel_end ? b.panel(next) : nullptr;
      TileRows<kPairs>(
          static_cast<int>(end - begin), a.data + begin * a.row_stride, a.row_stride,
          a.column_stride, [&](int64_t, int64_t q) { return b.panel(p + q); }, num_panels, 1,
          b.panel_rows(), 16, c + begin * c_stride + p * 16, c_stride, accumulate, last_columns,
          ahead);
    }
  }
}

// Where B has pairs, so has A.
void MatMulPart(const LeftMatrix& a, int64_t row_begin, int64_t row_end, const PackedMatrix& b,
                int64_t panel_begin, int64_t panel_end, float* c, int64_t c_stride,
                Accumulate accumulate) {
  const auto part = b.has_pairs() ? MatMulPartOf<true> : MatMulPartOf<false>;
  part(a, row_begin, row_end, b, panel_begin, panel_end, c, c_stride, accumulate);
}

}  // namespace HWY_NAMESPACE
}  // namespace hone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hone {
namespace {
HWY_EXPORT(MatMulPart);

// w [16, k] as one panel [k][16], by squares of 4×4.
void TransposePanel(const float* w, int64_t k, float* out) {
  int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
    for (int j = 0; j < 16; j += 4) {
      __m128 row[4];
      for (int r = 0; r < 4; ++r) row[r] = _mm_loadu_ps(w + (j + r) * k + i);
      _MM_TRANSPOSE4_PS(row[0], row[1], row[2], row[3]);
      for (int r = 0; r < 4; ++r) _mm_storeu_ps(out + (i + r) * 16 + j, row[r]);
    }
  }
  for (; i < k; ++i) {
    for (int j = 0; j < 16; ++j) out[i * 16 + j] = w[j * k + i];
  }
}

}  // namespace

void PackedMatrix::Resize(int64_t k, int64_t n, bool has_pairs) {
  has_pairs_ = has_pairs;
  k_ = k;
  n_ = n;
  const int64_t size = (n + 15) / 16 * 16 * panel_rows();
  if (size > capacity_) {
    data_ = hwy::AllocateAligned<float>(size);
    capacity_ = size;
  }
}

void PackedMatrix::PackTransposed(const float* w, int64_t n, int64_t k, Precision precision) {
  Resize(k, n, precision == Precision::kBFloat16 && HasPairs() && k % 2 == 0);
  const int64_t rows = panel_rows();
  ParallelFor((n + 15) / 16, [&](int64_t p) {
    float* out = data_.get() + p * rows * 16;
    const float* columns = w + p * 16 * k;  // of B: [16][k]
    const int64_t count = std::min<int64_t>(16, n - p * 16);
    if (has_pairs_) {
      static thread_local std::vector<float> pairs;
      if (std::ssize(pairs) < 16 * rows) pairs.resize(16 * rows);
      MakePairs(columns, count * rows, pairs.data());
      columns = pairs.data();
    }
    if (count == 16) return TransposePanel(columns, rows, out);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < count; ++j) out[i * 16 + j] = columns[j * rows + i];
      for (int64_t j = count; j < 16; ++j) out[i * 16 + j] = 0.0f;
    }
  });
}

void PackedMatrix::Pack(const float* b, int64_t k, int64_t n, int64_t row_stride) {
  Resize(k, n, false);
  // Four panels at a time: rows of a large B come from memory, and 64 bytes of each are too few.
  ParallelForBlocks((n + 15) / 16, 4, [&](int64_t first, int64_t last) {
    float* const panels = data_.get() + first * k * 16;
    const int64_t columns = std::min(n, last * 16) - first * 16;
    for (int64_t i = 0; i < k; ++i) {
      const float* row = b + i * row_stride + first * 16;
      float* out = panels + i * 16;
      int64_t j = 0;
      for (; j + 16 <= columns; j += 16) std::copy_n(row + j, 16, out + j * k);
      if (j == columns) continue;
      std::copy_n(row + j, columns - j, out + j * k);
      std::fill(out + j * k + columns - j, out + j * k + 16, 0.0f);
    }
  });
}

void MatMul(LeftMatrix a, int64_t rows, const PackedMatrix& b, float* c, int64_t c_stride,
            Accumulate accumulate) {
  static thread_local std::vector<float> pairs;
  if (b.has_pairs()) {
    const int64_t k = b.panel_rows();
    if (std::ssize(pairs) < rows * k) pairs.resize(rows * k);
    float* const to = pairs.data();
    ParallelForBlocks(rows, std::max<int64_t>(1, 16384 / k), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) MakePairs(a.data + i * a.row_stride, k, to + i * k);
    });
    a = {to, k};
  }
  const int64_t panels = (b.n() + 15) / 16;
  const int64_t threads = NumThreads();
  // Many rows: cut them, so that each thread reads all of B but only its part of A. Few: cut the
  // panels, so that each thread reads only its part of B. Blocks of at most 96 rows keep A in the
  // second-level cache; each thread has as many.
  constexpr int64_t kBlockRows = 96;
  const bool cut_rows = rows >= 24 * threads && rows > kBlockRows;
  if (cut_rows) {
    const int64_t blocks = (rows + kBlockRows * threads - 1) / (kBlockRows * threads) * threads;
    ParallelFor(blocks, [&](int64_t i) {
      HWY_DYNAMIC_DISPATCH(MatMulPart)
      (a, rows * i / blocks, rows * (i + 1) / blocks, b, 0, panels, c, c_stride, accumulate);
    });
    return;
  }
  // A thread's share of a small product should outlast the cost of waking it (about 1 µs).
  const int64_t work = rows * b.panel_rows() * panels * 16;
  const int64_t blocks = work < 100000 ? 1 : std::min(threads, (panels + 1) / 2);
  ParallelFor(blocks, [&](int64_t i) {
    // Cuts fall on multiples of 8 panels, where the widest tiles begin.
    const auto cut = [&](int64_t j) { return j == blocks ? panels : panels * j / blocks / 8 * 8; };
    HWY_DYNAMIC_DISPATCH(MatMulPart)
    (a, 0, rows, b, cut(i), cut(i + 1), c, c_stride, accumulate);
  });
}

void MatMulWeightGradient(const float* dy, const float* x, int64_t rows, int64_t n, int64_t k,
                          float* dw) {
  // So many rows of X at a time that the packed copy stays small, and dW is loaded and stored
  // seldom.
  constexpr int64_t kRows = 512;
  static thread_local PackedMatrix packed;
  for (int64_t begin = 0; begin < rows; begin += kRows) {
    const int64_t count = std::min(kRows, rows - begin);
    packed.Pack(x + begin * k, count, k, k);
    MatMul({dy + begin * n, 1, n}, n, packed, dw, k, Accumulate::kChain);
  }
}

}  // namespace hone
#endif  // HWY_ONCE
