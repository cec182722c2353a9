#include "model/transformer/block.h"

#include <utility>

namespace hone {

BlockParameters::BlockParameters(const ModelConfig& config, const torch::Tensor& value,
                                 const torch::Tensor& grad) {
  TORCH_CHECK(value.numel() == BlockSize(config), "a block has ", BlockSize(config),
              " weights, got ", value.numel());
  // Each parameter takes one or more tensors that follow one another; the walk ends where the
  // specs do, so a parameter that is missing here cannot pass.
  const std::vector<TensorSpec> specs = BlockTensorSpecs(config);
  size_t tensor = 0;
  int64_t offset = 0;
  const auto take = [&](std::initializer_list<absl::string_view> names) {
    std::vector<int64_t> shape = specs.at(tensor).shape;
    shape[0] = 0;
    int64_t count = 0;
    for (const absl::string_view name : names) {
      const TensorSpec& spec = specs.at(tensor++);
      TORCH_CHECK(spec.name == name, "expected ", std::string(name), ", found ", spec.name);
      shape[0] += spec.shape[0];
      count += spec.size();
    }
    const auto view = [&](const torch::Tensor& flat) {
      return flat.defined() ? flat.narrow(0, offset, count).view(shape) : flat;
    };
    Parameter parameter{view(value), view(grad)};
    offset += count;
    return parameter;
  };
  input_norm = take({"input_layernorm.weight"});
  qkv.weight =
      take({"self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"});
  if (config.qkv_bias) {
    qkv.bias = take({"self_attn.q_proj.bias", "self_attn.k_proj.bias", "self_attn.v_proj.bias"});
  }
  if (config.qk_norm) {
    q_norm = take({"self_attn.q_norm.weight"});
    k_norm = take({"self_attn.k_norm.weight"});
  }
  output.weight = take({"self_attn.o_proj.weight"});
  if (config.output_bias) output.bias = take({"self_attn.o_proj.bias"});
  post_norm = take({"post_attention_layernorm.weight"});
  gate_up.weight = take({"mlp.gate_proj.weight", "mlp.up_proj.weight"});
  if (config.mlp_bias) gate_up.bias = take({"mlp.gate_proj.bias", "mlp.up_proj.bias"});
  down.weight = take({"mlp.down_proj.weight"});
  if (config.mlp_bias) down.bias = take({"mlp.down_proj.bias"});
  TORCH_CHECK(tensor == specs.size(), "nothing uses ", specs[tensor].name);
}

torch::Tensor BlockForward(const ModelConfig& config, int layer, Precision precision,
                           const BlockParameters& p, const torch::Tensor& x,
                           const std::shared_ptr<const PackedTokens>& batch,
                           const std::shared_ptr<const RopeTable>& rope) {
  const AttentionShape shape{config.num_heads, config.num_kv_heads, config.head_dim,
                             config.window(layer)};
  const double eps = config.rms_norm_eps;
  const NormBranch input = RmsNorm(x, p.input_norm, eps, precision);
  const torch::Tensor qkv = Linear(input.normed, p.qkv, precision);
  const torch::Tensor rotated =
      QkvNormRope(qkv, p.q_norm, p.k_norm, eps, shape, batch, rope, precision);
  const torch::Tensor attended = LinearAdd(
      input.residual, SelfAttention(rotated, shape, batch, precision), p.output, precision);
  const NormBranch middle = RmsNorm(attended, p.post_norm, eps, precision);
  const torch::Tensor gate_up = Linear(middle.normed, p.gate_up, precision);
  return LinearAdd(middle.residual, SwiGlu(gate_up, precision), p.down, precision);
}

}  // namespace hone
