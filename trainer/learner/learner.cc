#include "trainer/learner/learner.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "kernels/loss.h"
#include "kernels/optimizer.h"
#include "kernels/pointwise.h"
#include "kernels/sampling.h"
#include "kernels/token_head.h"
#include "model/transformer/block.h"
#include "trainer/learner/flat_parameter.h"
#include "trainer/learner/plan.h"
#include "trainer/learner/throw_if_error.h"

namespace hone {
namespace {

float* Data(const torch::Tensor& t) { return t.data_ptr<float>(); }

}  // namespace

// Sequences that go through the model together; possibly none.
struct Learner::MicroBatch {
  std::vector<int64_t> indices;  // of the sequences in the batch
  std::vector<int64_t> loss_tokens;
  std::shared_ptr<PackedTokens> packed = std::make_shared<PackedTokens>();
  std::vector<int64_t> rows;     // whose prediction carries the loss
  std::vector<int32_t> targets;  // [rows]

  int64_t num_rows() const { return static_cast<int64_t>(rows.size()); }
};

// What a forward pass leaves for the backward pass.
struct Learner::Forward {
  std::vector<torch::Tensor> inputs, outputs;  // of each block; outputs only without recompute
  torch::Tensor x;                             // [tokens, hidden], of the last block
  torch::Tensor selected;                      // [rows, hidden], before the final norm
  torch::Tensor normed, inverse;
  std::vector<float> logprobs, entropies;  // [rows]
  std::vector<RowSoftmax> softmax;         // [rows]
  torch::Tensor dx;                        // the gradient on its way down, [tokens, hidden]

  TokenPredictions predictions() { return {logprobs.data(), entropies.data(), softmax.data()}; }
};

Learner::Learner(const ModelConfig& config, ReadWeights read, const LearnerOptions& options,
                 const LearnerRanks& ranks)
    : config_(config),
      options_(options),
      ranks_{ranks.all ? ranks.all : &single_rank_, ranks.shards ? ranks.shards : &single_rank_,
             ranks.replicas ? ranks.replicas : &single_rank_},
      rope_(std::make_shared<RopeTable>(config_.head_dim, config_.rope_theta,
                                        config_.max_position_embeddings, config_.rope_scaling,
                                        options.precision)) {
  const std::vector<Unit> units = Units(config_);
  shard_ranges_ = ShardRanges(units, ranks_.shards->world());
  for (const Unit& unit : units) {
    units_.push_back(std::make_unique<FlatParameter>(unit.name, unit.range.count, options_.trained,
                                                     options_.precision, ranks_.shards));
  }
  for (int i = 0; i < config_.num_layers; ++i) {
    block_parameters_.push_back(
        std::make_unique<BlockParameters>(config_, block(i).value(), block(i).gradient()));
  }
  for (auto& unit : units_) unit->FreeWhole();
  for (size_t i = 0; i < units_.size(); ++i) {
    read(shard_ranges_[i].begin, units_[i]->shard().subspan(0, shard_ranges_[i].count));
  }
}

Learner::Learner(const Weights& weights, const LearnerOptions& options, const LearnerRanks& ranks)
    : Learner(
          weights.config(),
          [&](int64_t begin, absl::Span<float> out) {
            std::copy_n(weights.flat().begin() + begin, out.size(), out.begin());
          },
          options, ranks) {}

Learner::~Learner() = default;

void Learner::CopyWeights(Learner& other) {
  for (size_t i = 0; i < units_.size(); ++i) {
    const absl::Span<const float> from = other.units_[i]->shard();
    std::copy(from.begin(), from.end(), units_[i]->shard().begin());
  }
}

Learner::MicroBatch Learner::Pack(absl::Span<const TrainSequence> sequences,
                                  std::vector<int64_t> indices) const {
  MicroBatch batch;
  batch.indices = std::move(indices);
  for (const int64_t i : batch.indices) {
    const TrainSequence& sequence = sequences[i];
    const int64_t start = batch.packed->size();
    batch.packed->Append(sequence.tokens);
    batch.loss_tokens.push_back(sequence.loss_tokens());
    for (int64_t t = sequence.prompt_size; t < std::ssize(sequence.tokens); ++t) {
      batch.rows.push_back(start + t - 1);
      batch.targets.push_back(sequence.tokens[t]);
    }
  }
  return batch;
}

std::vector<Learner::MicroBatch> Learner::Plan(absl::Span<const TrainSequence> sequences) const {
  std::vector<int64_t> lengths;
  for (const TrainSequence& sequence : sequences) {
    lengths.push_back(std::ssize(sequence.tokens));
    TORCH_CHECK(sequence.prompt_size >= 1 && sequence.prompt_size <= lengths.back() &&
                    lengths.back() <= config_.max_position_embeddings,
                "sequence ", lengths.size() - 1, " has ", lengths.back(), " tokens, ",
                sequence.prompt_size, " of them the prompt; the context is ",
                config_.max_position_embeddings);
  }
  const World world = ranks_.all->world();
  PlanOptions options;
  options.max_tokens = options_.micro_batch_tokens;
  options.multiple = options_.virtual_shards > 0 ? options_.virtual_shards : world.size;
  auto plan = PlanMicroBatches(config_, lengths, options);
  std::vector<MicroBatch> batches;
  for (size_t first = 0; first < plan.size(); first += world.size) {
    const size_t mine = first + world.rank;
    batches.push_back(
        Pack(sequences, mine < plan.size() ? std::move(plan[mine]) : std::vector<int64_t>()));
  }
  return batches;
}

// Each unit is gathered while the one before it computes. `keep` what a backward pass needs.
void Learner::RunForward(const MicroBatch& batch, float temperature, bool keep, Forward* forward) {
  const int64_t tokens = batch.packed->size(), hidden = config_.hidden_size;
  embedding().Gather();
  units_[1]->StartGather();
  torch::Tensor x = torch::empty({tokens, hidden});
  Embed(Data(embedding().value()), batch.packed->tokens.data(), tokens, hidden, Data(x));
  embedding().Release();
  for (int i = 0; i < config_.num_layers; ++i) {
    block(i).Gather();
    units_[i + 2]->StartGather();
    const bool record = keep && !options_.recompute;
    const torch::Tensor input = x.detach().requires_grad_(record);
    if (tokens > 0) {
      torch::AutoGradMode mode(record);
      x = BlockForward(config_, i, options_.precision, *block_parameters_[i], input, batch.packed,
                       rope_);
    }
    if (keep) forward->inputs.push_back(input);
    if (record) forward->outputs.push_back(x);
    block(i).Release();
  }
  forward->x = x;
  RunHead(batch, temperature, forward);
}

// Valid while the units of the head are gathered.
TokenHead Learner::Head(float temperature) const {
  const float* weights = config_.tie_word_embeddings
                             ? Data(units_.front()->value())
                             : Data(units_.back()->value()) + config_.hidden_size;
  return {weights, config_.vocab_size, config_.hidden_size, LogitScale(temperature),
          options_.precision};
}

void Learner::RunHead(const MicroBatch& batch, float temperature, Forward* forward) {
  torch::NoGradGuard no_grad;
  const int64_t hidden = config_.hidden_size, rows = batch.num_rows();
  const bool tied = config_.tie_word_embeddings;
  head().Gather();
  if (tied) embedding().Gather();
  forward->selected = torch::empty({rows, hidden});
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(Data(forward->x) + batch.rows[i] * hidden, hidden,
                Data(forward->selected) + i * hidden);
  }
  forward->x = torch::Tensor();
  forward->normed = torch::empty({rows, hidden});
  forward->inverse = torch::empty({rows});
  RmsNorm(Data(forward->selected), rows, hidden, Data(head().value()),
          static_cast<float>(config_.rms_norm_eps), Data(forward->normed), Data(forward->inverse),
          options_.precision);
  forward->logprobs.resize(rows);
  forward->entropies.resize(rows);
  forward->softmax.resize(rows);
  TokenHeadForward(Head(temperature), Data(forward->normed), rows, batch.targets.data(),
                   forward->predictions());
  if (tied) embedding().Release();
  head().Release();
}

void Learner::RunHeadBackward(const MicroBatch& batch, float temperature, Forward* forward,
                              absl::Span<const float> dlogprobs,
                              absl::Span<const float> dentropies) {
  const int64_t hidden = config_.hidden_size, rows = batch.num_rows();
  const bool tied = config_.tie_word_embeddings;
  const bool has_entropy =
      std::any_of(dentropies.begin(), dentropies.end(), [](float d) { return d != 0; });
  head().Gather();
  head().NeedGradient();
  if (tied) {
    embedding().Gather();
    embedding().NeedGradient();
  }
  torch::Tensor dnormed = torch::empty({rows, hidden});
  float* dhead = tied ? Data(embedding().gradient()) : Data(head().gradient()) + hidden;
  TokenHeadBackward(Head(temperature), Data(forward->normed), rows, batch.targets.data(),
                    forward->predictions(), dlogprobs.data(),
                    has_entropy ? dentropies.data() : nullptr, Data(dnormed), dhead);
  torch::Tensor dselected = torch::zeros({rows, hidden});
  RmsNormBackward(Data(dnormed), Data(forward->selected), Data(forward->inverse), rows, hidden,
                  Data(head().value()), Data(dselected), Data(head().gradient()));
  if (tied) embedding().Release();
  head().Release();
  head().StartReduce();
  forward->dx = torch::zeros({batch.packed->size(), hidden});
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(Data(dselected) + i * hidden, hidden, Data(forward->dx) + batch.rows[i] * hidden);
  }
}

void Learner::RunBlockBackward(int layer, const MicroBatch& batch, Forward* forward) {
  torch::Tensor input = forward->inputs[layer];
  torch::Tensor output;
  if (options_.recompute) {
    torch::AutoGradMode mode(true);
    input = input.detach().requires_grad_();
    output = BlockForward(config_, layer, options_.precision, *block_parameters_[layer], input,
                          batch.packed, rope_);
  } else {
    output = std::exchange(forward->outputs[layer], torch::Tensor());
  }
  torch::autograd::backward({output}, {forward->dx});
  forward->dx = input.grad();
  forward->inputs[layer] = torch::Tensor();
}

// A unit's gradient goes to the ranks while the unit below it computes.
void Learner::RunBackward(const MicroBatch& batch, float temperature, Forward* forward,
                          absl::Span<const float> dlogprobs, absl::Span<const float> dentropies) {
  const int64_t tokens = batch.packed->size(), hidden = config_.hidden_size;
  block(config_.num_layers - 1).StartGather();
  RunHeadBackward(batch, temperature, forward, dlogprobs, dentropies);
  for (int i = config_.num_layers - 1; i >= 0; --i) {
    block(i).Gather();
    if (i > 0) block(i - 1).StartGather();
    block(i).NeedGradient();
    if (tokens > 0) RunBlockBackward(i, batch, forward);
    block(i).Release();
    units_[i + 2]->FinishReduce();
    block(i).StartReduce();
  }
  embedding().NeedGradient();
  EmbedBackward(Data(forward->dx), batch.packed->tokens.data(), tokens, hidden,
                Data(embedding().gradient()));
  block(0).FinishReduce();
  embedding().StartReduce();
}

std::vector<TokenLogProbs> Learner::LogProbs(absl::Span<const TrainSequence> sequences,
                                             float temperature) {
  torch::NoGradGuard no_grad;
  // Of each sequence first the log-probs, then the entropies; zeros where other ranks compute.
  std::vector<int64_t> starts = {0};
  for (const TrainSequence& sequence : sequences) {
    starts.push_back(starts.back() + 2 * sequence.loss_tokens());
  }
  std::vector<double> values(starts.back(), 0.0);
  for (const MicroBatch& batch : Plan(sequences)) {
    Forward forward;
    RunForward(batch, temperature, false, &forward);
    int64_t at = 0;
    for (size_t i = 0; i < batch.indices.size(); ++i) {
      const int64_t count = batch.loss_tokens[i];
      const auto out = values.begin() + starts[batch.indices[i]];
      std::copy_n(forward.logprobs.begin() + at, count, out);
      std::copy_n(forward.entropies.begin() + at, count, out + count);
      at += count;
    }
  }
  ThrowIfError(ranks_.all->AllReduce("log-probs", values.data(), std::ssize(values)).Wait());
  std::vector<TokenLogProbs> result;
  for (size_t i = 0; i < sequences.size(); ++i) {
    const auto begin = values.begin() + starts[i], end = values.begin() + starts[i + 1];
    const auto middle = begin + (end - begin) / 2;
    result.push_back({{begin, middle}, {middle, end}});
  }
  return result;
}

void Learner::AccumulateGradient(absl::Span<const TrainSequence> sequences, float temperature,
                                 LossGradient loss_gradient) {
  TORCH_CHECK(options_.trained, "this learner has weights only");
  for (const MicroBatch& batch : Plan(sequences)) {
    Forward forward;
    RunForward(batch, temperature, true, &forward);
    std::vector<float> dlogprobs(batch.rows.size(), 0.0f), dentropies(batch.rows.size(), 0.0f);
    int64_t at = 0;
    for (size_t i = 0; i < batch.indices.size(); ++i) {
      const int64_t count = batch.loss_tokens[i];
      const auto part = [&](const std::vector<float>& all) {
        return std::vector<float>(all.begin() + at, all.begin() + at + count);
      };
      loss_gradient(batch.indices[i], {part(forward.logprobs), part(forward.entropies)},
                    absl::MakeSpan(dlogprobs).subspan(at, count),
                    absl::MakeSpan(dentropies).subspan(at, count));
      at += count;
    }
    RunBackward(batch, temperature, &forward, dlogprobs, dentropies);
  }
  embedding().FinishReduce();
}

// Hybrid sharding: each copy of the state has added up the micro-batches of its own ranks.
void Learner::ReduceOverReplicas() {
  for (auto& unit : units_) {
    ThrowIfError(SumOverRanks(ranks_.replicas, unit->name(), unit->shard_gradient().data(),
                              unit->shard_size()));
  }
}

// The sums of blocks go to every rank, which adds them in the order of the weights.
double Learner::GradientNorm() {
  std::vector<double> mine;
  for (auto& unit : units_) {
    for (int64_t begin = 0; begin < unit->shard_size(); begin += kShardBlock) {
      mine.push_back(SumOfSquares(unit->shard_gradient().data() + begin, kShardBlock));
    }
  }
  const int64_t count = std::ssize(mine);
  const int ranks = ranks_.shards->world().size;
  std::vector<double> all(count * ranks);
  // Two floats for each double: they are only moved.
  ThrowIfError(ranks_.shards
                   ->AllGather("gradient norm", reinterpret_cast<const float*>(mine.data()),
                               2 * count, reinterpret_cast<float*>(all.data()))
                   .Wait());
  double sum = 0;
  int64_t begin = 0;
  for (auto& unit : units_) {
    const int64_t blocks = unit->shard_size() / kShardBlock;
    for (int rank = 0; rank < ranks; ++rank) {
      for (int64_t i = 0; i < blocks; ++i) sum += all[rank * count + begin + i];
    }
    begin += blocks;
  }
  return std::sqrt(sum);
}

double Learner::Update(const OptimizerSpec& spec, double lr) {
  ReduceOverReplicas();
  const double norm = GradientNorm();
  ++optimizer_step_;
  AdamWStep step;
  step.lr = static_cast<float>(lr);
  step.beta1 = static_cast<float>(spec.beta1);
  step.beta2 = static_cast<float>(spec.beta2);
  step.eps = static_cast<float>(spec.eps);
  step.step = optimizer_step_;
  const bool clip = spec.max_grad_norm > 0 && norm > spec.max_grad_norm;
  step.gradient_scale = clip ? static_cast<float>(spec.max_grad_norm / norm) : 1.0f;

  // Tensors in order with the units: each is updated where it meets this rank's shard.
  const std::vector<TensorSpec> tensors = TensorSpecs(config_);
  size_t tensor = 0;
  int64_t offset = 0;  // of the tensor
  for (size_t i = 0; i < units_.size(); ++i) {
    FlatParameter& unit = *units_[i];
    const WeightsRange& mine = shard_ranges_[i];
    for (const int64_t unit_end = offset + unit.size(); offset < unit_end; ++tensor) {
      const int64_t size = tensors[tensor].size();
      const int64_t begin = std::max(offset, mine.begin);
      const int64_t end = std::min(offset + size, mine.begin + mine.count);
      if (begin < end) {
        const bool matrix = tensors[tensor].shape.size() > 1;
        step.weight_decay = matrix ? static_cast<float>(spec.weight_decay) : 0.0f;
        const int64_t at = begin - mine.begin;
        AdamW(step, &unit.shard_gradient()[at], end - begin, &unit.shard()[at],
              &unit.first_moment()[at], &unit.second_moment()[at]);
      }
      offset += size;
    }
    std::fill(unit.shard_gradient().begin(), unit.shard_gradient().end(), 0.0f);
  }
  return norm;
}

std::vector<float> Learner::Gradient() {
  ReduceOverReplicas();
  std::vector<float> gradient;
  for (auto& unit : units_) {
    std::vector<float> full(unit->shard_size() * ranks_.shards->world().size);
    ThrowIfError(ranks_.shards
                     ->AllGather(unit->name(), unit->shard_gradient().data(), unit->shard_size(),
                                 full.data())
                     .Wait());
    gradient.insert(gradient.end(), full.begin(), full.begin() + unit->size());
  }
  return gradient;
}

Weights Learner::ExportWeights() {
  Weights weights(config_);
  float* out = weights.flat().data();
  for (auto& unit : units_) {
    unit->Gather();
    out = std::copy_n(Data(unit->value()), unit->size(), out);
    unit->Release();
  }
  return weights;
}

std::vector<WeightsShard> Learner::Shards() {
  std::vector<WeightsShard> shards;
  for (size_t i = 0; i < units_.size(); ++i) {
    shards.push_back(
        {shard_ranges_[i].begin, units_[i]->shard().subspan(0, shard_ranges_[i].count)});
  }
  return shards;
}

void Learner::SaveShard(ShardState* state) {
  state->optimizer_step = optimizer_step_;
  const auto save = [&](absl::Span<float> (FlatParameter::*part)(), std::vector<float>* to) {
    int64_t size = 0;
    for (const WeightsRange& range : shard_ranges_) size += range.count;
    to->resize(size);
    auto out = to->begin();
    for (size_t i = 0; i < units_.size(); ++i) {
      out = std::copy_n((*units_[i].*part)().begin(), shard_ranges_[i].count, out);
    }
  };
  save(&FlatParameter::shard, &state->weights);
  if (!options_.trained) return;
  save(&FlatParameter::first_moment, &state->first_moment);
  save(&FlatParameter::second_moment, &state->second_moment);
}

void Learner::RestoreShard(int64_t optimizer_step, ReadState read) {
  optimizer_step_ = optimizer_step;
  for (size_t i = 0; i < units_.size(); ++i) {
    const auto [begin, count] = shard_ranges_[i];
    read("weights", begin, units_[i]->shard().subspan(0, count));
    read("first_moment", begin, units_[i]->first_moment().subspan(0, count));
    read("second_moment", begin, units_[i]->second_moment().subspan(0, count));
  }
}

void Learner::ResetOptimizer() {
  optimizer_step_ = 0;
  for (auto& unit : units_) {
    std::fill(unit->first_moment().begin(), unit->first_moment().end(), 0.0f);
    std::fill(unit->second_moment().begin(), unit->second_moment().end(), 0.0f);
  }
}

}  // namespace hone
