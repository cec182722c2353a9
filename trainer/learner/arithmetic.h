// What a learner computes with. KernelArithmetic runs the kernels of kernels/ on the CPU: the
// rollout engine's bits. TorchArithmetic runs LibTorch's operators on any device, GPUs above all,
// in sums of an order of their own. Tensors are where the arithmetic's options() say, and have its
// type; gradients of weights are fp32. Errors throw (c10::Error). Thread safety: none.
#ifndef HONE_TRAINER_LEARNER_ARITHMETIC_H_
#define HONE_TRAINER_LEARNER_ARITHMETIC_H_

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "kernels/loss.h"
#include "kernels/optimizer.h"
#include "kernels/precision.h"
#include "model/config.h"
#include "model/transformer/block.h"

namespace hone {

// The final norm [hidden] and the head [vocab, hidden].
struct HeadParameters {
  Parameter norm, weight;
};

// What the model says of some rows' next tokens, and what the way back needs.
struct HeadPass {
  std::vector<int64_t> rows;               // of the tokens
  std::vector<int32_t> targets;            // [rows]
  std::vector<float> logprobs, entropies;  // [rows], at the temperature
  int64_t num_tokens = 0;
  torch::Tensor selected, normed;   // [rows, hidden], before and after the norm
  torch::Tensor inverse;            // [rows] of the norm
  std::vector<RowSoftmax> softmax;  // [rows]
};

class LearnerArithmetic {
 public:
  virtual ~LearnerArithmetic() = default;

  // Of activations and of weights that are computed with.
  virtual torch::TensorOptions options() const = 0;

  // x [tokens, hidden] of table [vocab, hidden], and the way back.
  virtual torch::Tensor Embed(const torch::Tensor& table, const PackedTokens& batch) = 0;
  virtual void EmbedBackward(const torch::Tensor& dx, const PackedTokens& batch,
                             const torch::Tensor& dtable) = 0;

  // A block, differentiable where autograd is on: weights get their gradients in Parameter::grad.
  virtual torch::Tensor Block(int layer, const BlockParameters& parameters, const torch::Tensor& x,
                              const std::shared_ptr<const PackedTokens>& batch) = 0;

  // Fills what `pass` lacks, from x [tokens, hidden] and its rows and targets.
  virtual void Head(const HeadParameters& parameters, float temperature, const torch::Tensor& x,
                    HeadPass* pass) = 0;
  // dx [tokens, hidden] of Σ_i (dlogprobs[i]·logprobs[i] + dentropies[i]·entropies[i]).
  virtual torch::Tensor HeadBackward(const HeadParameters& parameters, float temperature,
                                     HeadPass* pass, absl::Span<const float> dlogprobs,
                                     absl::Span<const float> dentropies) = 0;

  // Of each kShardBlock elements of x, whose size is a multiple of it.
  virtual std::vector<double> SumsOfSquares(const torch::Tensor& x) = 0;
  // As in kernels/optimizer.h, of 1-dimensional tensors in place.
  virtual void AdamW(const AdamWStep& step, const torch::Tensor& gradient, const torch::Tensor& w,
                     const torch::Tensor& m, const torch::Tensor& v) = 0;
};

std::unique_ptr<LearnerArithmetic> MakeKernelArithmetic(const ModelConfig& config,
                                                        Precision precision);
std::unique_ptr<LearnerArithmetic> MakeTorchArithmetic(const ModelConfig& config,
                                                       Precision precision, torch::Device device);

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_ARITHMETIC_H_
