// The optimiser's arithmetic over flat fp32 arrays. Run on the thread pool.
#ifndef HONE_KERNELS_OPTIMIZER_H_
#define HONE_KERNELS_OPTIMIZER_H_

#include <cstdint>

namespace hone {

// Σ x², in double over fixed blocks, so that the bits do not depend on the thread count.
double SumOfSquares(const float* x, int64_t n);

// One AdamW step (Loshchilov & Hutter 2019, decoupled weight decay).
struct AdamWStep {
  float lr;
  float beta1;
  float beta2;
  float eps;
  float weight_decay;
  int64_t step;          // from 1: the bias corrections use it
  float gradient_scale;  // on the gradient first: clipping
};
// m ← β1·m + (1−β1)·g, v ← β2·v + (1−β2)·g²,
// w ← w − lr·weight_decay·w − lr·(m/(1−β1^t)) / (√(v/(1−β2^t)) + eps).
void AdamW(const AdamWStep& step, const float* gradient, int64_t n, float* w, float* m, float* v);

}  // namespace hone

#endif  // HONE_KERNELS_OPTIMIZER_H_
