#include "kernels/pointwise.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pointwise.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hone {
namespace HWY_NAMESPACE {

HWY_INLINE float InverseRms(const float* x, int64_t n, float eps) {
  V16 sum = Set16(0.0f);
  for (int64_t j = 0; j < n; j += 16) {
    const V16 v = Load16(x + j, n - j);
    sum = MulAdd(v, v, sum);
  }
  return 1.0f / std::sqrt(SumOf16(sum) / static_cast<float>(n) + eps);
}

HWY_INLINE V16 RoundIf(bool round, const V16& x) { return round ? ToBFloat16(x) : x; }

void RmsNormRows(const float* x, int64_t begin, int64_t end, int64_t n, const float* w, float eps,
                 float* y, float* inverse, bool round) {
  for (int64_t i = begin; i < end; ++i) {
    const float inv = InverseRms(x + i * n, n, eps);
    if (inverse != nullptr) inverse[i] = inv;
    const V16 factor = Set16(inv);
    for (int64_t j = 0; j < n; j += 16) {
      const V16 scaled = RoundIf(round, Mul(Load16(x + i * n + j, n - j), factor));
      Store16(RoundIf(round, Mul(scaled, Load16(w + j, n - j))), y + i * n + j, n - j);
    }
  }
}

// With x̂ = x·inv and g = dy·w: dx = inv·(g − x̂·mean(g·x̂)).
HWY_INLINE void RmsNormRowBackward(const float* dy, const float* x, float inv, int64_t n,
                                   const float* w, float* dx, bool add) {
  const V16 factor = Set16(inv);
  V16 sum = Set16(0.0f);
  for (int64_t j = 0; j < n; j += 16) {
    const V16 g = Mul(Load16(dy + j, n - j), Load16(w + j, n - j));
    sum = MulAdd(g, Mul(Load16(x + j, n - j), factor), sum);
  }
  const V16 mean = Set16(SumOf16(sum) / static_cast<float>(n));
  for (int64_t j = 0; j < n; j += 16) {
    const V16 g = Mul(Load16(dy + j, n - j), Load16(w + j, n - j));
    const V16 hat = Mul(Load16(x + j, n - j), factor);
    const V16 d = Mul(factor, NegMulAdd(hat, mean, g));
    Store16(add ? Add(Load16(dx + j, n - j), d) : d, dx + j, n - j);
  }
}

void RmsNormBackwardRows(const float* dy, const float* x, const float* inverse, int64_t begin,
                         int64_t end, int64_t n, const float* w, float* dx) {
  for (int64_t i = begin; i < end; ++i) {
    RmsNormRowBackward(dy + i * n, x + i * n, inverse[i], n, w, dx + i * n, true);
  }
}

// dw[j] += Σ_i dy[i][j]·x[i][j]·inverse[i] for the 16 columns from `column`.
void RmsNormWeightColumns(const float* dy, const float* x, const float* inverse, int64_t rows,
                          int64_t n, int64_t column, float* dw) {
  V16 sum = Load16(dw + column, n - column);
  for (int64_t i = 0; i < rows; ++i) {
    const V16 hat = Mul(Load16(x + i * n + column, n - column), Set16(inverse[i]));
    sum = MulAdd(Load16(dy + i * n + column, n - column), hat, sum);
  }
  Store16(sum, dw + column, n - column);
}

// Rotates in place by the angle's cos and sin, backwards with `sign` = −1.
HWY_INLINE void Rotate(float* y, const float* cos, const float* sin, int half, float sign) {
  const V16 s = Set16(sign);
  for (int j = 0; j < half; j += 16) {
    const V16 c = Load16(cos + j, half - j);
    const V16 sn = Mul(Load16(sin + j, half - j), s);
    const V16 a = Load16(y + j, half - j);
    const V16 b = Load16(y + half + j, half - j);
    Store16(NegMulAdd(b, sn, Mul(a, c)), y + j, half - j);
    Store16(MulAdd(a, sn, Mul(b, c)), y + half + j, half - j);
  }
}

// The forward rotation with each operation rounded.
HWY_INLINE void RotateRounded(float* y, const float* cos, const float* sin, int half) {
  for (int j = 0; j < half; j += 16) {
    const V16 c = Load16(cos + j, half - j);
    const V16 s = Load16(sin + j, half - j);
    const V16 a = Load16(y + j, half - j);
    const V16 b = Load16(y + half + j, half - j);
    Store16(ToBFloat16(Sub(ToBFloat16(Mul(a, c)), ToBFloat16(Mul(b, s)))), y + j, half - j);
    Store16(ToBFloat16(Add(ToBFloat16(Mul(b, c)), ToBFloat16(Mul(a, s)))), y + half + j, half - j);
  }
}

void NormRopeTokens(const HeadRows& shape, int64_t begin, int64_t end, const float* x,
                    int64_t x_stride, const float* w, float eps, const int32_t* positions,
                    const RopeTable& rope, float* y, int64_t y_stride, float* inverse, bool round) {
  for (int64_t t = begin; t < end; ++t) {
    for (int h = 0; h < shape.heads; ++h) {
      const float* in = x + t * x_stride + h * shape.head_dim;
      float* out = y + t * y_stride + h * shape.head_dim;
      if (w != nullptr) {
        RmsNormRows(in, 0, 1, shape.head_dim, w, eps, out,
                    inverse == nullptr ? nullptr : inverse + t * shape.heads + h, round);
      } else if (in != out) {
        std::copy_n(in, shape.head_dim, out);
      }
      const int64_t at = int64_t{positions[t]} * rope.half;
      if (round) {
        RotateRounded(out, &rope.cos[at], &rope.sin[at], rope.half);
      } else {
        Rotate(out, &rope.cos[at], &rope.sin[at], rope.half, 1.0f);
      }
    }
  }
}

void NormRopeBackwardTokens(const HeadRows& shape, int64_t begin, int64_t end, const float* dy,
                            int64_t dy_stride, const float* x, int64_t x_stride, const float* w,
                            const float* inverse, const int32_t* positions, const RopeTable& rope,
                            float* dx, int64_t dx_stride, float* dw) {
  const int dim = shape.head_dim;
  for (int64_t t = begin; t < end; ++t) {
    for (int h = 0; h < shape.heads; ++h) {
      HWY_ALIGN float rotated[kMaxHeadDim];
      std::copy_n(dy + t * dy_stride + h * dim, dim, rotated);
      const int64_t at = int64_t{positions[t]} * rope.half;
      Rotate(rotated, &rope.cos[at], &rope.sin[at], rope.half, -1.0f);
      float* out = dx + t * dx_stride + h * dim;
      if (w == nullptr) {
        std::copy_n(rotated, dim, out);
        continue;
      }
      const float* in = x + t * x_stride + h * dim;
      const float inv = inverse[t * shape.heads + h];
      const V16 factor = Set16(inv);
      for (int j = 0; j < dim; j += 16) {
        const int n = dim - j;
        const V16 hat = Mul(Load16(in + j, n), factor);
        Store16(MulAdd(Load16(rotated + j, n), hat, Load16(dw + j, n)), dw + j, n);
      }
      RmsNormRowBackward(rotated, in, inv, dim, w, out, false);
    }
  }
}

void SwiGluRows(const float* x, int64_t begin, int64_t end, int64_t n, float* y, bool round) {
  const V16 one = Set16(1.0f), zero = Set16(0.0f);
  for (int64_t i = begin; i < end; ++i) {
    const float* gate = x + i * 2 * n;
    const float* up = gate + n;
    for (int64_t j = 0; j < n; j += 16) {
      const V16 g = Load16(gate + j, n - j);
      const V16 silu = RoundIf(round, Div(g, Add(one, Exp(Sub(zero, g)))));
      Store16(RoundIf(round, Mul(silu, Load16(up + j, n - j))), y + i * n + j, n - j);
    }
  }
}

// silu'(g) = σ(g)·(1 + g·(1 − σ(g))).
void SwiGluBackwardRows(const float* dy, const float* x, int64_t begin, int64_t end, int64_t n,
                        float* dx) {
  const V16 one = Set16(1.0f), zero = Set16(0.0f);
  for (int64_t i = begin; i < end; ++i) {
    const float* gate = x + i * 2 * n;
    const float* up = gate + n;
    float* dgate = dx + i * 2 * n;
    for (int64_t j = 0; j < n; j += 16) {
      const V16 g = Load16(gate + j, n - j);
      const V16 u = Load16(up + j, n - j);
      const V16 d = Load16(dy + i * n + j, n - j);
      const V16 sigmoid = Div(one, Add(one, Exp(Sub(zero, g))));
      const V16 slope = Mul(sigmoid, MulAdd(g, Sub(one, sigmoid), one));
      Store16(Mul(Mul(d, u), slope), dgate + j, n - j);
      Store16(Mul(d, Mul(g, sigmoid)), dgate + n + j, n - j);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace hone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hone {
namespace {

HWY_EXPORT(RmsNormRows);
HWY_EXPORT(RmsNormBackwardRows);
HWY_EXPORT(RmsNormWeightColumns);
HWY_EXPORT(NormRopeTokens);
HWY_EXPORT(NormRopeBackwardTokens);
HWY_EXPORT(SwiGluRows);
HWY_EXPORT(SwiGluBackwardRows);

// Rows of a task: some 16 K floats, several µs of work.
int64_t RowBlock(int64_t n) { return std::max<int64_t>(1, 16384 / n); }

}  // namespace

void RmsNorm(const float* x, int64_t rows, int64_t n, const float* w, float eps, float* y,
             float* inverse, Precision precision) {
  const bool round = precision == Precision::kBFloat16;
  ParallelForBlocks(rows, RowBlock(n), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(RmsNormRows)(x, begin, end, n, w, eps, y, inverse, round);
  });
}

void RmsNormBackward(const float* dy, const float* x, const float* inverse, int64_t rows, int64_t n,
                     const float* w, float* dx, float* dw) {
  ParallelForBlocks(rows, RowBlock(n), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(RmsNormBackwardRows)(dy, x, inverse, begin, end, n, w, dx);
  });
  ParallelFor((n + 15) / 16, [&](int64_t i) {
    HWY_DYNAMIC_DISPATCH(RmsNormWeightColumns)(dy, x, inverse, rows, n, i * 16, dw);
  });
}

void NormRope(const HeadRows& shape, const float* x, int64_t x_stride, const float* w, float eps,
              const int32_t* positions, const RopeTable& rope, float* y, int64_t y_stride,
              float* inverse, Precision precision) {
  const bool round = precision == Precision::kBFloat16;
  ParallelForBlocks(shape.tokens, RowBlock(int64_t{shape.heads} * shape.head_dim),
                    [&](int64_t begin, int64_t end) {
                      HWY_DYNAMIC_DISPATCH(NormRopeTokens)
                      (shape, begin, end, x, x_stride, w, eps, positions, rope, y, y_stride,
                       inverse, round);
                    });
}

void NormRopeBackward(const HeadRows& shape, const float* dy, int64_t dy_stride, const float* x,
                      int64_t x_stride, const float* w, const float* inverse,
                      const int32_t* positions, const RopeTable& rope, float* dx, int64_t dx_stride,
                      float* dw) {
  // Partial sums of dw by blocks of tokens, then added in order: the blocks are fixed.
  constexpr int64_t kBlock = 128;
  const int64_t blocks = (shape.tokens + kBlock - 1) / kBlock;
  std::vector<float> partial(w == nullptr ? 0 : blocks * shape.head_dim, 0.0f);
  ParallelForBlocks(shape.tokens, kBlock, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(NormRopeBackwardTokens)
    (shape, begin, end, dy, dy_stride, x, x_stride, w, inverse, positions, rope, dx, dx_stride,
     w == nullptr ? nullptr : &partial[begin / kBlock * shape.head_dim]);
  });
  for (size_t i = 0; i < partial.size(); ++i) dw[i % shape.head_dim] += partial[i];
}

void SwiGlu(const float* x, int64_t rows, int64_t n, float* y, Precision precision) {
  const bool round = precision == Precision::kBFloat16;
  ParallelForBlocks(rows, RowBlock(n), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(SwiGluRows)(x, begin, end, n, y, round);
  });
}

void SwiGluBackward(const float* dy, const float* x, int64_t rows, int64_t n, float* dx) {
  ParallelForBlocks(rows, RowBlock(n), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(SwiGluBackwardRows)(dy, x, begin, end, n, dx);
  });
}

void Embed(const float* table, const int32_t* tokens, int64_t rows, int64_t n, float* y) {
  ParallelForBlocks(rows, RowBlock(n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) std::copy_n(table + tokens[i] * n, n, y + i * n);
  });
}

void EmbedBackward(const float* dy, const int32_t* tokens, int64_t rows, int64_t n, float* dtable) {
  // Threads take columns: two rows may hit the same token.
  ParallelForBlocks(n, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < rows; ++i) {
      float* out = dtable + tokens[i] * n;
      for (int64_t j = begin; j < end; ++j) out[j] += dy[i * n + j];
    }
  });
}

}  // namespace hone
#endif  // HWY_ONCE
