// The sharded learner: forward, backward and AdamW over packed sequences, unit by unit
// (trainer/learner/shard_layout.h), on any number of ranks.
//
// Every rank calls the same functions with the same arguments. The batch is cut into micro-batches
// (trainer/learner/plan.h); in each round every rank takes one of them. A unit is gathered before
// use and released after, the next one is gathered meanwhile; its gradient is reduced over the
// ranks as soon as its backward pass is done. Shards add the micro-batches' gradients up in the
// order of the plan, so the sum depends on the plan alone: with `virtual_shards` it has the same
// bits on any number of ranks.
//
// The loss itself is the caller's: it sees log-probs and entropies and returns their gradients, so
// one learner serves supervised fine-tuning and every policy-gradient loss.
//
// Log-probs are those of the rollout engine, bit for bit: the same kernels in the same order. On a
// GPU
// (`torch_device`) they are the same up to rounding (trainer/learner/arithmetic.h).
// Programming errors and failures of communication throw c10::Error.
// Thread safety: none; runs on the process's thread pool.
#ifndef HONE_TRAINER_LEARNER_LEARNER_H_
#define HONE_TRAINER_LEARNER_LEARNER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "cluster/collectives.h"
#include "config/experiment.h"
#include "kernels/precision.h"
#include "model/weights.h"
#include "trainer/learner/shard_layout.h"

namespace hone {

class FlatParameter;
struct BlockParameters;
struct HeadParameters;
struct Parameter;
class LearnerArithmetic;

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
  // Of the forward pass. In bfloat16 the weights that are computed with are rounded, the shards and
  // their gradients are fp32.
  Precision precision = Precision::kFloat32;
  // The number of micro-batches is a multiple of this, and of the ranks. 0: of the ranks only.
  int virtual_shards = 0;
  bool trained = true;  // false: weights only, for LogProbs()
  // LibTorch's device that computes, by its operators ("cuda:0"; "cpu" serves tests), up to
  // rounding the same; empty: the kernels of kernels/, on the CPU.
  std::string torch_device = {};
};

// The ranks that a learner works with, all of them not owned; null: a world of one. One copy of the
// state is sharded over `shards`; ranks of the same place in theirs are `replicas` of one another
// (hybrid sharding). What is said over these is in the host's memory; weights and gradients go over
// `weights`, where they are (the ranks of `shards` over NCCL; null: `shards` itself).
struct LearnerRanks {
  Collectives* all = nullptr;
  Collectives* shards = nullptr;
  Collectives* replicas = nullptr;
  Collectives* weights = nullptr;
};

class Learner {
 public:
  // Writes the gradient of the loss with respect to a sequence's log-probs and entropies (both
  // zero on entry). Called once for each sequence of this rank, in the order of the plan.
  using LossGradient =
      absl::FunctionRef<void(int64_t sequence, const TokenLogProbs& tokens,
                             absl::Span<float> dlogprobs, absl::Span<float> dentropies)>;
  // Writes the weights [begin, begin + out.size()) of the flat buffer of Weights.
  using ReadWeights = absl::FunctionRef<void(int64_t begin, absl::Span<float> out)>;

  // Reads this rank's shards.
  Learner(const ModelConfig& config, ReadWeights read, const LearnerOptions& options,
          const LearnerRanks& ranks);
  // Takes them from these weights, which are the same on every rank.
  Learner(const Weights& weights, const LearnerOptions& options, const LearnerRanks& ranks = {});
  ~Learner();
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  // Forward only: of every sequence, on every rank.
  std::vector<TokenLogProbs> LogProbs(absl::Span<const TrainSequence> sequences, float temperature);

  // Adds the gradient of the loss over `sequences` to the accumulated one.
  void AccumulateGradient(absl::Span<const TrainSequence> sequences, float temperature,
                          LossGradient loss_gradient);

  // Clips the accumulated gradient to spec.max_grad_norm, takes one AdamW step with learning rate
  // `lr`, and starts a new accumulation. Returns the norm before clipping. Weight decay spares
  // norms and biases.
  double Update(const OptimizerSpec& spec, double lr);

  // The gradient accumulated so far, gathered, in the order of TensorSpecs(): for tests.
  std::vector<float> Gradient();

  // All weights, gathered: for small models.
  Weights ExportWeights();

  // This rank's weights, without padding; of some units it may have none. Valid until the next
  // call.
  std::vector<WeightsShard> Shards();
  // Takes over the weights of a learner of the same model on the same ranks.
  void CopyWeights(Learner& other);

  // State for checkpoints: of the shards, in unit order, without padding. There are no moments
  // without `trained`.
  struct ShardState {
    std::vector<float> weights, first_moment, second_moment;
    int64_t optimizer_step = 0;
  };
  // Memory that `state` has already is used again.
  void SaveShard(ShardState* state);
  // Reads this rank's part of "weights", "first_moment" and "second_moment" where the state is
  // kept; ranges are those of ReadWeights.
  using ReadState =
      absl::FunctionRef<void(const char* tensor, int64_t begin, absl::Span<float> out)>;
  void RestoreShard(int64_t optimizer_step, ReadState read);
  // Forgets the optimiser's moments: a stage starts with a fresh optimiser.
  void ResetOptimizer();

  const ModelConfig& config() const { return config_; }
  const std::vector<WeightsRange>& shard_ranges() const { return shard_ranges_; }

 private:
  struct MicroBatch;
  struct Forward;

  // This rank's micro-batch of each round.
  std::vector<MicroBatch> Plan(absl::Span<const TrainSequence> sequences) const;
  MicroBatch Pack(absl::Span<const TrainSequence> sequences, std::vector<int64_t> indices) const;
  void RunForward(const MicroBatch& batch, float temperature, bool keep, Forward* forward);
  void RunHead(const MicroBatch& batch, float temperature, Forward* forward);
  void RunBackward(const MicroBatch& batch, float temperature, Forward* forward,
                   absl::Span<const float> dlogprobs, absl::Span<const float> dentropies);
  void RunHeadBackward(float temperature, Forward* forward, absl::Span<const float> dlogprobs,
                       absl::Span<const float> dentropies);
  void RunBlockBackward(int layer, const MicroBatch& batch, Forward* forward);
  void ReduceOverReplicas();
  double GradientNorm();

  FlatParameter& embedding() { return *units_.front(); }
  FlatParameter& block(int i) { return *units_[i + 1]; }
  FlatParameter& head() { return *units_.back(); }

  ModelConfig config_;
  LearnerOptions options_;
  SingleRank single_rank_;
  LearnerRanks ranks_;
  std::unique_ptr<LearnerArithmetic> arithmetic_;
  std::vector<WeightsRange> shard_ranges_;             // of each unit
  std::vector<std::unique_ptr<FlatParameter>> units_;  // embedding, blocks, final norm (and head)
  // Views into the units.
  std::unique_ptr<Parameter> embedding_table_;
  std::vector<std::unique_ptr<BlockParameters>> block_parameters_;
  std::unique_ptr<HeadParameters> head_parameters_;
  std::vector<std::vector<float>> published_;  // of each unit, where its shard is not the host's
  int64_t optimizer_step_ = 0;
};

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_LEARNER_H_
