#include <algorithm>

#include "kernels/pointwise.h"
#include "kernels/sampling.h"
#include "kernels/token_head.h"
#include "trainer/learner/arithmetic.h"
#include "trainer/learner/shard_layout.h"

namespace hone {
namespace {

float* Data(const torch::Tensor& t) { return t.data_ptr<float>(); }

class KernelArithmetic : public LearnerArithmetic {
 public:
  KernelArithmetic(const ModelConfig& config, Precision precision)
      : config_(config),
        precision_(precision),
        rope_(std::make_shared<RopeTable>(config.head_dim, config.rope_theta,
                                          config.max_position_embeddings, config.rope_scaling,
                                          precision)) {}

  torch::TensorOptions options() const override { return torch::kFloat; }

  torch::Tensor Embed(const torch::Tensor& table, const PackedTokens& batch) override {
    torch::Tensor x = torch::empty({batch.size(), config_.hidden_size});
    hone::Embed(Data(table), batch.tokens.data(), batch.size(), config_.hidden_size, Data(x));
    return x;
  }

  void EmbedBackward(const torch::Tensor& dx, const PackedTokens& batch,
                     const torch::Tensor& dtable) override {
    hone::EmbedBackward(Data(dx), batch.tokens.data(), batch.size(), config_.hidden_size,
                        Data(dtable));
  }

  torch::Tensor Block(int layer, const BlockParameters& parameters, const torch::Tensor& x,
                      const std::shared_ptr<const PackedTokens>& batch) override {
    return BlockForward(config_, layer, precision_, parameters, x, batch, rope_);
  }

  void Head(const HeadParameters& parameters, float temperature, const torch::Tensor& x,
            HeadPass* pass) override {
    const int64_t hidden = config_.hidden_size, rows = std::ssize(pass->rows);
    pass->num_tokens = x.size(0);
    pass->selected = torch::empty({rows, hidden});
    for (int64_t i = 0; i < rows; ++i) {
      std::copy_n(Data(x) + pass->rows[i] * hidden, hidden, Data(pass->selected) + i * hidden);
    }
    pass->normed = torch::empty({rows, hidden});
    pass->inverse = torch::empty({rows});
    RmsNorm(Data(pass->selected), rows, hidden, Data(parameters.norm.value),
            static_cast<float>(config_.rms_norm_eps), Data(pass->normed), Data(pass->inverse),
            precision_);
    pass->logprobs.resize(rows);
    pass->entropies.resize(rows);
    pass->softmax.resize(rows);
    TokenHeadForward(Describe(parameters, temperature), Data(pass->normed), rows,
                     pass->targets.data(), Predictions(pass));
  }

  torch::Tensor HeadBackward(const HeadParameters& parameters, float temperature, HeadPass* pass,
                             absl::Span<const float> dlogprobs,
                             absl::Span<const float> dentropies) override {
    const int64_t hidden = config_.hidden_size, rows = std::ssize(pass->rows);
    const bool has_entropy =
        std::any_of(dentropies.begin(), dentropies.end(), [](float d) { return d != 0; });
    torch::Tensor dnormed = torch::empty({rows, hidden});
    TokenHeadBackward(Describe(parameters, temperature), Data(pass->normed), rows,
                      pass->targets.data(), Predictions(pass), dlogprobs.data(),
                      has_entropy ? dentropies.data() : nullptr, Data(dnormed),
                      Data(parameters.weight.grad));
    torch::Tensor dselected = torch::zeros({rows, hidden});
    RmsNormBackward(Data(dnormed), Data(pass->selected), Data(pass->inverse), rows, hidden,
                    Data(parameters.norm.value), Data(dselected), Data(parameters.norm.grad));
    torch::Tensor dx = torch::zeros({pass->num_tokens, hidden});
    for (int64_t i = 0; i < rows; ++i) {
      std::copy_n(Data(dselected) + i * hidden, hidden, Data(dx) + pass->rows[i] * hidden);
    }
    return dx;
  }

  std::vector<double> SumsOfSquares(const torch::Tensor& x) override {
    std::vector<double> sums;
    for (int64_t begin = 0; begin < x.numel(); begin += kShardBlock) {
      sums.push_back(SumOfSquares(Data(x) + begin, kShardBlock));
    }
    return sums;
  }

  void AdamW(const AdamWStep& step, const torch::Tensor& gradient, const torch::Tensor& w,
             const torch::Tensor& m, const torch::Tensor& v) override {
    hone::AdamW(step, Data(gradient), w.numel(), Data(w), Data(m), Data(v));
  }

 private:
  TokenHead Describe(const HeadParameters& parameters, float temperature) const {
    return {Data(parameters.weight.value), config_.vocab_size, config_.hidden_size,
            LogitScale(temperature), precision_};
  }
  static TokenPredictions Predictions(HeadPass* pass) {
    return {pass->logprobs.data(), pass->entropies.data(), pass->softmax.data()};
  }

  const ModelConfig config_;
  const Precision precision_;
  const std::shared_ptr<const RopeTable> rope_;
};

}  // namespace

std::unique_ptr<LearnerArithmetic> MakeKernelArithmetic(const ModelConfig& config,
                                                        Precision precision) {
  return std::make_unique<KernelArithmetic>(config, precision);
}

}  // namespace hone
