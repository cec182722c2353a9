#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/rope_table.h"
#include "kernels/sampling.h"
#include "trainer/learner/arithmetic.h"
#include "trainer/learner/shard_layout.h"

namespace hone {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Logits in memory at once.
constexpr int64_t kLogitElements = int64_t{1} << 27;

// A weight as a part of the graph, whose gradient is added to Parameter::grad. `x` only ties it to
// the graph.
struct WeightFunction : Function<WeightFunction> {
  static torch::Tensor forward(AutogradContext* ctx, const torch::Tensor& /*x*/,
                               const Parameter& parameter) {
    ctx->saved_data["grad"] = parameter.grad;
    // Apart from the count of changes that autograd keeps: the same weights are gathered again for
    // the backward pass.
    return parameter.value.variable_data();
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    ctx->saved_data["grad"].toTensor().add_(grads[0]);
    return {torch::Tensor(), torch::Tensor()};
  }
};

torch::Tensor Weight(const torch::Tensor& x, const Parameter& parameter) {
  return parameter.value.defined() ? WeightFunction::apply(x, parameter) : torch::Tensor();
}

class TorchArithmetic : public LearnerArithmetic {
 public:
  TorchArithmetic(const ModelConfig& config, Precision precision, torch::Device device)
      : config_(config),
        options_(torch::TensorOptions(device).dtype(
            precision == Precision::kFloat32 ? torch::kFloat : torch::kBFloat16)) {
    const RopeTable rope(config.head_dim, config.rope_theta, config.max_position_embeddings,
                         config.rope_scaling, precision);
    cos_ = Upload(rope.cos).view({-1, rope.half}).to(options_);
    sin_ = Upload(rope.sin).view({-1, rope.half}).to(options_);
  }

  torch::TensorOptions options() const override { return options_; }

  torch::Tensor Embed(const torch::Tensor& table, const PackedTokens& batch) override {
    return table.index_select(0, Upload(batch.tokens));
  }

  void EmbedBackward(const torch::Tensor& dx, const PackedTokens& batch,
                     const torch::Tensor& dtable) override {
    torch::Tensor sum = dtable;
    sum.index_add_(0, Upload(batch.tokens), dx.to(torch::kFloat));
  }

  torch::Tensor Block(int layer, const BlockParameters& p, const torch::Tensor& x,
                      const std::shared_ptr<const PackedTokens>& batch) override {
    const torch::Tensor qkv = Linear(Norm(x, p.input_norm), p.qkv);
    const torch::Tensor attended = x + Linear(Attend(layer, p, qkv, batch), p.output);
    const auto gate_up = Linear(Norm(attended, p.post_norm), p.gate_up).chunk(2, 1);
    return attended + Linear(torch::silu(gate_up[0]) * gate_up[1], p.down);
  }

  void Head(const HeadParameters& parameters, float temperature, const torch::Tensor& x,
            HeadPass* pass) override {
    pass->num_tokens = x.size(0);
    const torch::Tensor targets = Upload(pass->targets).to(torch::kLong);
    {
      torch::AutoGradMode mode(true);
      pass->selected = x.detach().index_select(0, Upload(pass->rows)).requires_grad_();
      pass->normed = Norm(pass->selected, parameters.norm);
    }
    torch::NoGradGuard no_grad;
    ForEachPiece(*pass, [&](int64_t begin, int64_t count) {
      const torch::Tensor z = Logits(parameters, temperature, pass->normed, begin, count);
      const torch::Tensor log_sum = z.logsumexp(1);
      const torch::Tensor chosen =
          z.gather(1, targets.narrow(0, begin, count).unsqueeze(1)).squeeze(1);
      const torch::Tensor mean = (z.softmax(1) * z).sum(1);
      Append(chosen - log_sum, &pass->logprobs);
      Append(log_sum - mean, &pass->entropies);
    });
  }

  torch::Tensor HeadBackward(const HeadParameters& parameters, float temperature, HeadPass* pass,
                             absl::Span<const float> dlogprobs,
                             absl::Span<const float> dentropies) override {
    const torch::Tensor targets = Upload(pass->targets).to(torch::kLong);
    const torch::Tensor dlogprob = Upload(dlogprobs), dentropy = Upload(dentropies);
    const torch::Tensor entropy = Upload(pass->entropies);
    torch::Tensor dnormed = torch::empty_like(pass->normed);
    {
      torch::NoGradGuard no_grad;
      ForEachPiece(*pass, [&](int64_t begin, int64_t count) {
        const auto part = [&](const torch::Tensor& of) {
          return of.narrow(0, begin, count).unsqueeze(1);
        };
        const torch::Tensor z = Logits(parameters, temperature, pass->normed, begin, count);
        const torch::Tensor log_p = z.log_softmax(1);
        torch::Tensor dz =
            log_p.exp() * -(part(dlogprob) + part(dentropy) * (log_p + part(entropy)));
        dz.scatter_add_(1, part(targets), part(dlogprob));
        dz = (dz * LogitScale(temperature)).to(options_);
        dnormed.narrow(0, begin, count).copy_(dz.matmul(parameters.weight.value));
        torch::Tensor dweight = parameters.weight.grad;
        dweight.add_(dz.t().matmul(pass->normed.narrow(0, begin, count)));
      });
    }
    if (!pass->rows.empty()) torch::autograd::backward({pass->normed}, {dnormed});
    torch::Tensor dx = torch::zeros({pass->num_tokens, config_.hidden_size}, options_);
    if (!pass->rows.empty()) dx.index_copy_(0, Upload(pass->rows), pass->selected.grad());
    return dx;
  }

  std::vector<double> SumsOfSquares(const torch::Tensor& x) override {
    const torch::Tensor sums = x.view({-1, kShardBlock}).square().sum({1}, false, torch::kDouble);
    const torch::Tensor host = sums.cpu();
    const double* first = host.data_ptr<double>();
    return {first, first + host.numel()};
  }

  void AdamW(const AdamWStep& step, const torch::Tensor& gradient, const torch::Tensor& weight,
             const torch::Tensor& first, const torch::Tensor& second) override {
    torch::NoGradGuard no_grad;
    torch::Tensor w = weight, m = first, v = second;
    const torch::Tensor g = gradient * step.gradient_scale;
    const double t = static_cast<double>(step.step);
    m.mul_(step.beta1).add_(g, 1 - step.beta1);
    v.mul_(step.beta2).addcmul_(g, g, 1 - step.beta2);
    const torch::Tensor root = (v / (1 - std::pow(double{step.beta2}, t))).sqrt_().add_(step.eps);
    w.mul_(1 - double{step.lr} * step.weight_decay);
    w.addcdiv_(m, root, -step.lr / (1 - std::pow(double{step.beta1}, t)));
  }

 private:
  template <typename T>
  torch::Tensor Upload(const T& values) const {
    using Value = typename T::value_type;
    return torch::from_blob(const_cast<std::remove_const_t<Value>*>(values.data()),
                            {static_cast<int64_t>(values.size())},
                            torch::CppTypeToScalarType<std::remove_const_t<Value>>::value)
        .to(options_.device(), /*non_blocking=*/false, /*copy=*/true);
  }

  static void Append(const torch::Tensor& x, std::vector<float>* to) {
    const torch::Tensor host = x.cpu();
    to->insert(to->end(), host.data_ptr<float>(), host.data_ptr<float>() + host.numel());
  }

  template <typename Body>
  void ForEachPiece(const HeadPass& pass, Body body) const {
    const int64_t rows = std::ssize(pass.rows);
    const int64_t piece =
        std::max<int64_t>(1, std::min(rows / 16 + 1, kLogitElements / config_.vocab_size));
    for (int64_t begin = 0; begin < rows; begin += piece) {
      body(begin, std::min(piece, rows - begin));
    }
  }

  static torch::Tensor Logits(const HeadParameters& parameters, float temperature,
                              const torch::Tensor& normed, int64_t begin, int64_t count) {
    return normed.narrow(0, begin, count).matmul(parameters.weight.value.t()).to(torch::kFloat) *
           LogitScale(temperature);
  }

  // Over the last dimension, in fp32; rounded before the weight as transformers' modules do.
  torch::Tensor Norm(const torch::Tensor& x, const Parameter& weight) const {
    const torch::Tensor full = x.to(torch::kFloat);
    const torch::Tensor inverse =
        full.square().mean(-1, /*keepdim=*/true).add(config_.rms_norm_eps).rsqrt();
    return (full * inverse).to(options_) * Weight(x, weight);
  }

  static torch::Tensor Linear(const torch::Tensor& x, const Projection& p) {
    return torch::linear(x, Weight(x, p.weight), Weight(x, p.bias));
  }

  // x [tokens, heads, head_dim].
  torch::Tensor Rotate(const torch::Tensor& x, const torch::Tensor& positions) const {
    const torch::Tensor c = cos_.index_select(0, positions).unsqueeze(1);
    const torch::Tensor s = sin_.index_select(0, positions).unsqueeze(1);
    const auto halves = x.chunk(2, -1);
    return torch::cat({halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s}, -1);
  }

  torch::Tensor Attend(int layer, const BlockParameters& p, const torch::Tensor& qkv,
                       const std::shared_ptr<const PackedTokens>& batch) {
    if (batch != batch_) {
      batch_ = batch;
      positions_ = Upload(batch->positions);
    }
    const int64_t heads = config_.num_heads, kv_heads = config_.num_kv_heads;
    const auto parts = qkv.view({batch->size(), heads + 2 * kv_heads, config_.head_dim})
                           .split_with_sizes({heads, kv_heads, kv_heads}, 1);
    const auto normed = [&](const torch::Tensor& x, const Parameter& norm) {
      return Rotate(norm.value.defined() ? Norm(x, norm) : x, positions_);
    };
    const torch::Tensor q = normed(parts[0], p.q_norm), k = normed(parts[1], p.k_norm);
    std::vector<torch::Tensor> outs;
    for (int64_t s = 0; s < batch->num_sequences(); ++s) {
      const int64_t start = batch->starts[s], count = batch->starts[s + 1] - start;
      const auto of = [&](const torch::Tensor& x) {  // [1, heads, count, head_dim]
        return x.narrow(0, start, count).transpose(0, 1).unsqueeze(0);
      };
      const std::optional<torch::Tensor> mask = WindowMask(config_.window(layer), count);
      outs.push_back(at::scaled_dot_product_attention(of(q), of(k), of(parts[2]), mask,
                                                      /*dropout_p=*/0.0,
                                                      /*is_causal=*/!mask.has_value(),
                                                      /*scale=*/std::nullopt, /*enable_gqa=*/true)
                         .squeeze(0)
                         .transpose(0, 1)
                         .reshape({count, heads * config_.head_dim}));
    }
    return torch::cat(outs, 0);
  }

  // Which keys each query sees, where a window leaves out some of those before it.
  std::optional<torch::Tensor> WindowMask(int window, int64_t count) const {
    if (window == 0 || count <= window) return std::nullopt;
    const auto all =
        torch::ones({count, count}, torch::TensorOptions(options_.device()).dtype(torch::kBool));
    return all.tril().logical_and(all.triu(1 - window));
  }

  const ModelConfig config_;
  const torch::TensorOptions options_;
  torch::Tensor cos_, sin_;                    // [positions, head_dim/2]
  std::shared_ptr<const PackedTokens> batch_;  // the last one, and its positions there
  torch::Tensor positions_;
};

}  // namespace

std::unique_ptr<LearnerArithmetic> MakeTorchArithmetic(const ModelConfig& config,
                                                       Precision precision, torch::Device device) {
  return std::make_unique<TorchArithmetic>(config, precision, device);
}

}  // namespace hone
