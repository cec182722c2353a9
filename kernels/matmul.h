// Matrix products in fixed order: each output element is one chain of fused multiply-adds in
// increasing k. So a row's result has the same bits whatever the number of rows, the tiling, the
// number of threads or the instruction set.
#ifndef HONE_KERNELS_MATMUL_H_
#define HONE_KERNELS_MATMUL_H_

#include <cstdint>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "kernels/precision.h"

namespace hone {

// The right operand B [k, n], repacked in panels of 16 columns: panel p holds B[·, 16p … 16p+15]
// row by row, [ceil(n/16)][k][16], missing columns zero.
class PackedMatrix {
 public:
  // B[i][j] = w[j*k + i]: w is [n, k], as a linear layer stores its weight. With kBFloat16 both w
  // and the left operands to come must be rounded to bfloat16 already. Then a processor that can
  // multiply pairs of them gets pairs: half the memory, twice the speed, the same bits unless a
  // number is below 2^-126.
  void PackTransposed(const float* w, int64_t n, int64_t k,
                      Precision precision = Precision::kFloat32);
  // B[i][j] = b[i*row_stride + j].
  void Pack(const float* b, int64_t k, int64_t n, int64_t row_stride);

  int64_t k() const { return k_; }
  int64_t n() const { return n_; }
  // Whether two rows of B are one row of pairs (kernels/bfloat16_pairs.h).
  bool has_pairs() const { return has_pairs_; }
  // Floats, or pairs, in a column of a panel.
  int64_t panel_rows() const { return has_pairs_ ? k_ / 2 : k_; }
  const float* panel(int64_t p) const { return data_.get() + p * panel_rows() * 16; }

 private:
  void Resize(int64_t k, int64_t n, bool has_pairs);

  bool has_pairs_ = false;
  int64_t k_ = 0;
  int64_t n_ = 0;
  int64_t capacity_ = 0;
  hwy::AlignedFreeUniquePtr<float[]> data_;
};

// What to do with the product.
enum class Accumulate {
  kStore,  // C = A·B
  kAdd,    // C = C + (A·B), the product rounded first
  kChain,  // the chains start from C: a long k can be cut anywhere without changing the bits
};

// The left operand A [rows, k]: element (i, j) is at data[i*row_stride + j*column_stride].
struct LeftMatrix {
  const float* data;
  int64_t row_stride;
  int64_t column_stride = 1;
};

// C [rows, n], rows `c_stride` apart. Runs on the thread pool. Where B has pairs, A has contiguous
// rows (column_stride 1).
void MatMul(LeftMatrix a, int64_t rows, const PackedMatrix& b, float* c, int64_t c_stride,
            Accumulate accumulate);

// dW [n, k] += dYᵀ·X, with dY [rows, n] and X [rows, k] contiguous: the gradient of y = x·Wᵀ.
// Chains run over the rows, starting from dW.
void MatMulWeightGradient(const float* dy, const float* x, int64_t rows, int64_t n, int64_t k,
                          float* dw);

}  // namespace hone

#endif  // HONE_KERNELS_MATMUL_H_
