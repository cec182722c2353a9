// One decoder block (Qwen3: pre-norm, grouped-query attention with q/k norm and RoPE, SwiGLU) over
// a flat buffer that holds its weights in the order of TensorSpecs().
#ifndef HONE_MODEL_TRANSFORMER_BLOCK_H_
#define HONE_MODEL_TRANSFORMER_BLOCK_H_

#include <torch/torch.h>

#include <memory>

#include "model/config.h"
#include "model/transformer/ops.h"

namespace hone {

// Views into a block's flat weights and gradients. q, k and v lie next to one another, and so do
// gate and up: each group is used as one stacked matrix.
struct BlockParameters {
  // `grad` may be undefined. Both are one-dimensional with BlockSize(config) elements.
  BlockParameters(const ModelConfig& config, const torch::Tensor& value, const torch::Tensor& grad);

  Parameter input_norm, qkv, q_norm, k_norm, output, post_norm, gate_up, down;
};

int64_t BlockSize(const ModelConfig& config);

// x [tokens, hidden] → [tokens, hidden].
torch::Tensor BlockForward(const ModelConfig& config, const BlockParameters& parameters,
                           const torch::Tensor& x, const std::shared_ptr<const PackedTokens>& batch,
                           const std::shared_ptr<const RopeTable>& rope);

}  // namespace hone

#endif  // HONE_MODEL_TRANSFORMER_BLOCK_H_
