// One decoder block (pre-norm, grouped-query attention with RoPE, SwiGLU; norms of q and k, biases
// and a window where the configuration has them) over a flat buffer that holds its weights in the
// order of BlockTensorSpecs().
#ifndef HONE_MODEL_TRANSFORMER_BLOCK_H_
#define HONE_MODEL_TRANSFORMER_BLOCK_H_

#include <torch/torch.h>

#include <memory>

#include "model/config.h"
#include "model/transformer/ops.h"

namespace hone {

// Views into a block's flat weights and gradients. q, k and v lie next to one another, and so do
// gate and up: each group is used as one stacked matrix. What the configuration lacks stays
// undefined.
struct BlockParameters {
  // `grad` may be undefined. Both are one-dimensional with BlockSize(config) elements.
  BlockParameters(const ModelConfig& config, const torch::Tensor& value, const torch::Tensor& grad);

  Parameter input_norm, q_norm, k_norm, post_norm;
  Projection qkv, output, gate_up, down;
};

// Block number `layer`: x [tokens, hidden] → [tokens, hidden].
torch::Tensor BlockForward(const ModelConfig& config, int layer, Precision precision,
                           const BlockParameters& parameters, const torch::Tensor& x,
                           const std::shared_ptr<const PackedTokens>& batch,
                           const std::shared_ptr<const RopeTable>& rope);

}  // namespace hone

#endif  // HONE_MODEL_TRANSFORMER_BLOCK_H_
