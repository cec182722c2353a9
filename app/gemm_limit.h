// The fp32 matrix products of a training step, timed in three implementations: what the learner's
// rate is compared with.
#ifndef HONE_APP_GEMM_LIMIT_H_
#define HONE_APP_GEMM_LIMIT_H_

#include <cstdint>
#include <string>

#include "kernels/precision.h"
#include "model/config.h"

namespace hone {

// FLOP/s over the products Y = X·Wᵀ, dX = dY·W and dW = dYᵀ·X of all of a model's matrices, each
// weighted by its share of the operations.
struct GemmRates {
  double libtorch = 0;  // at::linear and at::mm
  double onednn = 0;    // its right operand in oneDNN's own layout, made before the clock starts
  double hone = 0;      // kernels/matmul.h, the packed weight made before the clock starts

  double best() const;
};

// The blocks' matrices see `rows` rows, the head `logit_rows`. Sets the threads of LibTorch's pool
// to those of ours, so call it when the rest is done: two busy pools slow each other. Takes some
// seconds; throws c10::Error.
GemmRates MeasureTrainingGemm(const ModelConfig& config, int64_t rows, int64_t logit_rows);
// LibTorch's rate alone, on a device of its own ("cuda:0") and in a precision.
double MeasureTorchGemm(const ModelConfig& config, int64_t rows, int64_t logit_rows,
                        const std::string& device, Precision precision);

}  // namespace hone

#endif  // HONE_APP_GEMM_LIMIT_H_
