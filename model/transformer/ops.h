// The transformer's layers as differentiable torch operators over the kernels of kernels/: forward
// gives the bits of the rollout engine's decoder, backward runs on fixed-order kernels too.
//
// Autograd follows the activations only. Weights are Parameters: an operator's backward adds the
// weight's gradient straight into Parameter::grad, so that micro-batches accumulate in place.
// All tensors are fp32, contiguous, on the CPU. Shape errors throw (TORCH_CHECK). Precision is that
// of the forward pass (kernels/precision.h); gradients are defined in fp32 only.
#ifndef HONE_MODEL_TRANSFORMER_OPS_H_
#define HONE_MODEL_TRANSFORMER_OPS_H_

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/attention.h"
#include "kernels/pointwise.h"
#include "kernels/precision.h"

namespace hone {

struct Parameter {
  torch::Tensor value;
  torch::Tensor grad;  // same shape; undefined when no gradient is wanted
};

// Several sequences laid one after the other: no padding.
struct PackedTokens {
  std::vector<int32_t> tokens;
  std::vector<int32_t> positions;  // within each sequence
  std::vector<int64_t> starts;     // of each sequence, and the total at the end

  void Append(const std::vector<int32_t>& sequence);
  int64_t size() const { return static_cast<int64_t>(tokens.size()); }
  int64_t num_sequences() const { return static_cast<int64_t>(starts.size()) - 1; }
};

// A weight [n, k] and its bias [n]; without one, bias.value is undefined.
struct Projection {
  Parameter weight, bias;
};

// y [tokens, n] = x [tokens, k] · Wᵀ + bias.
torch::Tensor Linear(const torch::Tensor& x, const Projection& p, Precision precision);
// residual + (x·Wᵀ + bias).
torch::Tensor LinearAdd(const torch::Tensor& residual, const torch::Tensor& x, const Projection& p,
                        Precision precision);

// The norm of x, and x for the residual stream that goes past it.
struct NormBranch {
  torch::Tensor normed, residual;
};
NormBranch RmsNorm(const torch::Tensor& x, const Parameter& w, double eps, Precision precision);

// qkv [tokens, (heads + 2·kv_heads)·head_dim] with norm and rotation applied to q and k. Norms
// whose values are undefined are left out.
torch::Tensor QkvNormRope(const torch::Tensor& qkv, const Parameter& q_norm,
                          const Parameter& k_norm, double eps, const AttentionShape& shape,
                          std::shared_ptr<const PackedTokens> batch,
                          std::shared_ptr<const RopeTable> rope, Precision precision);

// Causal attention inside each sequence: [tokens, heads·head_dim].
torch::Tensor SelfAttention(const torch::Tensor& qkv, const AttentionShape& shape,
                            std::shared_ptr<const PackedTokens> batch, Precision precision);

// [tokens, 2n] = [gate | up] → [tokens, n].
torch::Tensor SwiGlu(const torch::Tensor& gate_up, Precision precision);

}  // namespace hone

#endif  // HONE_MODEL_TRANSFORMER_OPS_H_
