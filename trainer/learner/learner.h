// The sharded learner: forward, backward and AdamW over packed sequences, block by block.
//
// A unit (embedding, block, final norm with head) is gathered before use and released after; its
// gradient is reduce-scattered when the last micro-batch has passed. The loss itself is the
// caller's: it sees log-probs and entropies and returns their gradients, so one learner serves
// supervised fine-tuning and every policy-gradient loss.
//
// Log-probs are those of the rollout engine, bit for bit: the same kernels in the same order.
// Errors are programming errors and throw c10::Error.
// Thread safety: none; runs on the process's thread pool.
#ifndef HONE_TRAINER_LEARNER_LEARNER_H_
#define HONE_TRAINER_LEARNER_LEARNER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "cluster/collectives.h"
#include "config/experiment.h"
#include "kernels/precision.h"
#include "model/weights.h"

namespace hone {

class FlatParameter;
struct RopeTable;

// A sequence to learn from. Tokens from `prompt_size` on carry the loss.
struct TrainSequence {
  std::vector<int32_t> tokens;
  int64_t prompt_size = 0;  // at least 1

  int64_t loss_tokens() const { return static_cast<int64_t>(tokens.size()) - prompt_size; }
};

// What the model says of a sequence's loss tokens, [loss_tokens].
struct TokenLogProbs {
  std::vector<float> logprobs;   // natural, at the temperature given
  std::vector<float> entropies;  // of the full softmax there
};

struct LearnerOptions {
  int64_t micro_batch_tokens = 8192;
  bool recompute = false;  // recompute a block's activations in backward: less memory
  // Of LogProbs(); with bfloat16 the weights must be rounded (RoundWeights), and there is no
  // gradient.
  Precision precision = Precision::kFloat32;
};

class Learner {
 public:
  // Writes the gradient of the loss with respect to a sequence's log-probs and entropies (both
  // zero on entry). Called once for each sequence, in order.
  using LossGradient =
      absl::FunctionRef<void(int64_t sequence, const TokenLogProbs& tokens,
                             absl::Span<float> dlogprobs, absl::Span<float> dentropies)>;

  Learner(const Weights& weights, const LearnerOptions& options, Collectives* collectives);
  ~Learner();

  // Forward only.
  std::vector<TokenLogProbs> LogProbs(absl::Span<const TrainSequence> sequences, float temperature);

  // Adds the gradient of the loss over `sequences` to the accumulated one.
  void AccumulateGradient(absl::Span<const TrainSequence> sequences, float temperature,
                          LossGradient loss_gradient);

  // Clips the accumulated gradient to spec.max_grad_norm, takes one AdamW step with learning rate
  // `lr`, and starts a new accumulation. Returns the norm before clipping. Weight decay spares
  // norms and biases.
  double Update(const OptimizerSpec& spec, double lr);

  // The gradient accumulated so far, in the order of TensorSpecs(): for tests.
  std::vector<float> Gradient();

  // All weights, gathered.
  Weights ExportWeights();

  // State for checkpoints: of the shards, in unit order.
  struct ShardState {
    std::vector<float> weights, first_moment, second_moment;
    int64_t optimizer_step = 0;
  };
  ShardState SaveShard();
  // The sizes must be those of SaveShard() of the same model and world.
  void RestoreShard(const ShardState& state);
  // Forgets the optimiser's moments: a stage starts with a fresh optimiser.
  void ResetOptimizer();

  const ModelConfig& config() const { return config_; }

 private:
  struct MicroBatch;
  struct Forward;

  std::vector<MicroBatch> Plan(absl::Span<const TrainSequence> sequences) const;
  void RunForward(const MicroBatch& batch, float temperature, bool keep, Forward* forward);
  void RunBackward(const MicroBatch& batch, float temperature, Forward* forward,
                   absl::Span<const float> dlogprobs, absl::Span<const float> dentropies);
  void ReduceGradients();

  ModelConfig config_;
  LearnerOptions options_;
  Collectives* collectives_;
  std::shared_ptr<const RopeTable> rope_;
  std::vector<std::unique_ptr<FlatParameter>> units_;  // embedding, blocks, final norm (and head)
  int64_t optimizer_step_ = 0;
};

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_LEARNER_H_
