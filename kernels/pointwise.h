// Row-wise layers around the matrix products: RMSNorm, rotary embedding, SwiGLU, and their
// gradients. Rows are independent of one another. All run on the thread pool.
//
// In bfloat16 a layer rounds where transformers' modules do: x·inv before w, both products of a
// rotation before their sum, silu(gate) before up. Gradients are of fp32.
#ifndef HONE_KERNELS_POINTWISE_H_
#define HONE_KERNELS_POINTWISE_H_

#include <cstdint>

#include "kernels/precision.h"
#include "kernels/rope_table.h"

namespace hone {

// y = x·inv·w with inv = 1/√(mean(x²) + eps), rows of n (Zhang & Sennrich 2019). `inverse` [rows]
// may be null; backward needs it.
void RmsNorm(const float* x, int64_t rows, int64_t n, const float* w, float eps, float* y,
             float* inverse, Precision precision = Precision::kFloat32);
// dx += the gradient; dw += Σ over rows.
void RmsNormBackward(const float* dy, const float* x, const float* inverse, int64_t rows, int64_t n,
                     const float* w, float* dx, float* dw);

// For each head of each token: y = rope(rms_norm(x, w)), half-split rotation (Su et al. 2021).
// x and y: rows of [heads][head_dim], their strides apart. `w` [head_dim] may be null: no norm.
// `inverse` [tokens][heads] may be null. head_dim is even and at most kMaxHeadDim.
inline constexpr int kMaxHeadDim = 512;
struct HeadRows {
  int64_t tokens;
  int heads;
  int head_dim;
};
void NormRope(const HeadRows& shape, const float* x, int64_t x_stride, const float* w, float eps,
              const int32_t* positions, const RopeTable& rope, float* y, int64_t y_stride,
              float* inverse, Precision precision = Precision::kFloat32);
// dx is overwritten (may be dy); dw += (unless w is null).
void NormRopeBackward(const HeadRows& shape, const float* dy, int64_t dy_stride, const float* x,
                      int64_t x_stride, const float* w, const float* inverse,
                      const int32_t* positions, const RopeTable& rope, float* dx, int64_t dx_stride,
                      float* dw);

// y [rows, n] = silu(gate)·up, with x [rows, 2n] = [gate | up] (Shazeer 2020).
void SwiGlu(const float* x, int64_t rows, int64_t n, float* y,
            Precision precision = Precision::kFloat32);
void SwiGluBackward(const float* dy, const float* x, int64_t rows, int64_t n, float* dx);

// y[i] = table[tokens[i]], rows of n.
void Embed(const float* table, const int32_t* tokens, int64_t rows, int64_t n, float* y);
// dtable[tokens[i]] += dy[i], in order of i.
void EmbedBackward(const float* dy, const int32_t* tokens, int64_t rows, int64_t n, float* dtable);

}  // namespace hone

#endif  // HONE_KERNELS_POINTWISE_H_
