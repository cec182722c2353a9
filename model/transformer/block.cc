#include "model/transformer/block.h"

namespace hone {

int64_t BlockSize(const ModelConfig& config) {
  const int64_t hidden = config.hidden_size;
  return 2 * hidden + 2 * config.head_dim +
         hidden * (2 * config.query_size() + 2 * config.kv_size() + 3 * config.intermediate_size);
}

BlockParameters::BlockParameters(const ModelConfig& config, const torch::Tensor& value,
                                 const torch::Tensor& grad) {
  TORCH_CHECK(value.numel() == BlockSize(config), "a block has ", BlockSize(config),
              " weights, got ", value.numel());
  const int64_t hidden = config.hidden_size;
  int64_t offset = 0;
  const auto next = [&](torch::IntArrayRef shape) {
    const int64_t count = c10::multiply_integers(shape);
    const auto view = [&](const torch::Tensor& flat) {
      return flat.defined() ? flat.narrow(0, offset, count).view(shape) : flat;
    };
    Parameter parameter{view(value), view(grad)};
    offset += count;
    return parameter;
  };
  input_norm = next({hidden});
  qkv = next({config.query_size() + 2 * config.kv_size(), hidden});
  q_norm = next({config.head_dim});
  k_norm = next({config.head_dim});
  output = next({hidden, config.query_size()});
  post_norm = next({hidden});
  gate_up = next({2 * config.intermediate_size, hidden});
  down = next({hidden, config.intermediate_size});
}

torch::Tensor BlockForward(const ModelConfig& config, const BlockParameters& p,
                           const torch::Tensor& x, const std::shared_ptr<const PackedTokens>& batch,
                           const std::shared_ptr<const RopeTable>& rope) {
  const AttentionShape shape{config.num_heads, config.num_kv_heads, config.head_dim};
  const double eps = config.rms_norm_eps;
  const torch::Tensor qkv = Linear(RmsNorm(x, p.input_norm, eps), p.qkv);
  const torch::Tensor rotated = QkvNormRope(qkv, p.q_norm, p.k_norm, eps, shape, batch, rope);
  const torch::Tensor attended = LinearAdd(x, SelfAttention(rotated, shape, batch), p.output);
  const torch::Tensor gate_up = Linear(RmsNorm(attended, p.post_norm, eps), p.gate_up);
  return LinearAdd(attended, SwiGlu(gate_up), p.down);
}

}  // namespace hone
