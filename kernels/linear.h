// Linear layers: a matrix product (kernels/matmul.h), then bias, rounding and residual, each
// element in this one order. All run on the thread pool.
#ifndef HONE_KERNELS_LINEAR_H_
#define HONE_KERNELS_LINEAR_H_

#include <cstdint>

#include "kernels/matmul.h"
#include "kernels/precision.h"

namespace hone {

// y [rows, n] = round(x·B + bias), rows `y_stride` apart. The product is complete, and rounded to
// fp32, before the bias [n] is added; a null bias adds nothing.
void Linear(LeftMatrix x, int64_t rows, const PackedMatrix& b, const float* bias,
            Precision precision, float* y, int64_t y_stride);

// y [rows, n] = round(y + round(x·B + bias)), contiguous rows: a branch onto the residual stream.
void LinearAdd(LeftMatrix x, int64_t rows, const PackedMatrix& b, const float* bias,
               Precision precision, float* y);

// dbias [n] += Σ over rows of dy [rows, n], in order of the rows, starting from dbias.
void BiasGradient(const float* dy, int64_t rows, int64_t n, float* dbias);

}  // namespace hone

#endif  // HONE_KERNELS_LINEAR_H_
