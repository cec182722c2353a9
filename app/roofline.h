// The arithmetic of a model, and how fast this machine can do it: what a benchmark's rate is
// compared with.
#ifndef HONE_APP_ROOFLINE_H_
#define HONE_APP_ROOFLINE_H_

#include <cstdint>
#include <vector>

#include "kernels/precision.h"
#include "model/config.h"

namespace hone {

// A weight [n, k].
struct MatrixShape {
  int64_t n, k;
};
// Those of one block, each as it is multiplied: q, k and v as one, and gate and up.
std::vector<MatrixShape> BlockMatrices(const ModelConfig& config);

// Work of forward passes over `tokens` tokens.
struct ForwardWork {
  int64_t tokens = 0;
  int64_t logit_rows = 0;     // tokens whose logits are computed
  int64_t attended_keys = 0;  // Σ over the tokens of the keys that each looks at
};

// Forward work of `sequences` sequences: the prompt (of which each group's is computed once) and
// all completion tokens but the last.
ForwardWork GenerationWork(int64_t groups, int64_t samples, int64_t prompt_tokens,
                           int64_t max_tokens);

// Floating-point operations, a multiply-add counting two.
double ForwardFlops(const ModelConfig& config, const ForwardWork& work);

// The best rate in FLOP/s that the fixed-order matrix product reaches on the model's own matrices
// for any of: `rows` rows, 64 rows, 1024 rows, in this precision. Takes about a second.
double MeasureMatMulFlops(const ModelConfig& config, int64_t rows, Precision precision);

}  // namespace hone

#endif  // HONE_APP_ROOFLINE_H_
