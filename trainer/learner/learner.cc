#include "trainer/learner/learner.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "kernels/optimizer.h"
#include "model/transformer/block.h"
#include "trainer/learner/arithmetic.h"
#include "trainer/learner/flat_parameter.h"
#include "trainer/learner/plan.h"
#include "trainer/learner/throw_if_error.h"

namespace hone {
namespace {

// Of fp32 in the host's memory.
absl::Span<float> Host(const torch::Tensor& t) {
  return {t.data_ptr<float>(), static_cast<size_t>(t.numel())};
}

// The first `count` elements to and from the host.
void Fetch(const torch::Tensor& from, int64_t count, float* to) {
  torch::from_blob(to, {count}).copy_(from.narrow(0, 0, count));
}
void Fill(const torch::Tensor& to, int64_t count, absl::FunctionRef<void(absl::Span<float>)> read) {
  if (to.is_cpu()) return read(Host(to).subspan(0, count));
  const torch::Tensor host = torch::empty({count});
  read(Host(host));
  to.narrow(0, 0, count).copy_(host);
}

std::unique_ptr<LearnerArithmetic> MakeArithmetic(const ModelConfig& config,
                                                  const LearnerOptions& options) {
  if (options.torch_device.empty()) return MakeKernelArithmetic(config, options.precision);
  return MakeTorchArithmetic(config, options.precision, torch::Device(options.torch_device));
}

}  // namespace

// Sequences that go through the model together; possibly none.
struct Learner::MicroBatch {
  std::vector<int64_t> indices;  // of the sequences in the batch
  std::vector<int64_t> loss_tokens;
  std::shared_ptr<PackedTokens> packed = std::make_shared<PackedTokens>();
  std::vector<int64_t> rows;     // whose prediction carries the loss
  std::vector<int32_t> targets;  // [rows]
};

// What a forward pass leaves for the backward pass.
struct Learner::Forward {
  std::vector<torch::Tensor> inputs, outputs;  // of each block; outputs only without recompute
  torch::Tensor x;                             // [tokens, hidden], of the last block
  HeadPass head;
  torch::Tensor dx;  // the gradient on its way down, [tokens, hidden]
};

Learner::Learner(const ModelConfig& config, ReadWeights read, const LearnerOptions& options,
                 const LearnerRanks& ranks)
    : config_(config),
      options_(options),
      ranks_{ranks.all ? ranks.all : &single_rank_, ranks.shards ? ranks.shards : &single_rank_,
             ranks.replicas ? ranks.replicas : &single_rank_,
             ranks.weights  ? ranks.weights
             : ranks.shards ? ranks.shards
                            : &single_rank_},
      arithmetic_(MakeArithmetic(config_, options_)) {
  const std::vector<Unit> units = Units(config_);
  shard_ranges_ = ShardRanges(units, ranks_.shards->world());
  const auto part = [](const FlatParameter& unit, int64_t begin, c10::IntArrayRef shape) {
    const auto view = [&](const torch::Tensor& flat) {
      return flat.defined() ? flat.narrow(0, begin, c10::multiply_integers(shape)).view(shape)
                            : flat;
    };
    return Parameter{view(unit.value()), view(unit.gradient())};
  };
  const int64_t vocab = config_.vocab_size, hidden = config_.hidden_size;
  // One after the other, so that a GPU never holds all of them whole.
  for (size_t i = 0; i < units.size(); ++i) {
    units_.push_back(std::make_unique<FlatParameter>(units[i].name, units[i].range.count,
                                                     options_.trained, options_.precision,
                                                     arithmetic_->options(), ranks_.weights));
    FlatParameter& unit = *units_.back();
    if (i == 0) {
      embedding_table_ = std::make_unique<Parameter>(part(unit, 0, {vocab, hidden}));
    } else if (i + 1 < units.size()) {
      block_parameters_.push_back(
          std::make_unique<BlockParameters>(config_, unit.value(), unit.gradient()));
    } else {
      head_parameters_ = std::make_unique<HeadParameters>(HeadParameters{
          part(unit, 0, {hidden}),
          config_.tie_word_embeddings ? *embedding_table_ : part(unit, hidden, {vocab, hidden})});
    }
    unit.FreeWhole();
  }
  for (size_t i = 0; i < units_.size(); ++i) {
    const int64_t begin = shard_ranges_[i].begin, count = shard_ranges_[i].count;
    Fill(units_[i]->shard(), count, [&](absl::Span<float> out) { read(begin, out); });
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
    const torch::Tensor shard = units_[i]->shard();
    shard.copy_(other.units_[i]->shard());
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
  const int64_t tokens = batch.packed->size();
  embedding().Gather();
  units_[1]->StartGather();
  torch::Tensor x = arithmetic_->Embed(embedding_table_->value, *batch.packed);
  embedding().Release();
  for (int i = 0; i < config_.num_layers; ++i) {
    block(i).Gather();
    units_[i + 2]->StartGather();
    const bool record = keep && !options_.recompute;
    const torch::Tensor input = x.detach().requires_grad_(record);
    if (tokens > 0) {
      torch::AutoGradMode mode(record);
      x = arithmetic_->Block(i, *block_parameters_[i], input, batch.packed);
    }
    if (keep) forward->inputs.push_back(input);
    if (record) forward->outputs.push_back(x);
    block(i).Release();
  }
  forward->x = x;
  RunHead(batch, temperature, forward);
}

void Learner::RunHead(const MicroBatch& batch, float temperature, Forward* forward) {
  torch::NoGradGuard no_grad;
  const bool tied = config_.tie_word_embeddings;
  head().Gather();
  if (tied) embedding().Gather();
  forward->head.rows = batch.rows;
  forward->head.targets = batch.targets;
  arithmetic_->Head(*head_parameters_, temperature, std::exchange(forward->x, torch::Tensor()),
                    &forward->head);
  if (tied) embedding().Release();
  head().Release();
}

void Learner::RunHeadBackward(float temperature, Forward* forward,
                              absl::Span<const float> dlogprobs,
                              absl::Span<const float> dentropies) {
  const bool tied = config_.tie_word_embeddings;
  head().Gather();
  head().NeedGradient();
  if (tied) {
    embedding().Gather();
    embedding().NeedGradient();
  }
  forward->dx = arithmetic_->HeadBackward(*head_parameters_, temperature, &forward->head, dlogprobs,
                                          dentropies);
  if (tied) embedding().Release();
  head().Release();
  head().StartReduce();
}

void Learner::RunBlockBackward(int layer, const MicroBatch& batch, Forward* forward) {
  torch::Tensor input = forward->inputs[layer];
  torch::Tensor output;
  if (options_.recompute) {
    torch::AutoGradMode mode(true);
    input = input.detach().requires_grad_();
    output = arithmetic_->Block(layer, *block_parameters_[layer], input, batch.packed);
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
  const int64_t tokens = batch.packed->size();
  block(config_.num_layers - 1).StartGather();
  RunHeadBackward(temperature, forward, dlogprobs, dentropies);
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
  arithmetic_->EmbedBackward(forward->dx, *batch.packed, embedding_table_->grad);
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
      std::copy_n(forward.head.logprobs.begin() + at, count, out);
      std::copy_n(forward.head.entropies.begin() + at, count, out + count);
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
      loss_gradient(batch.indices[i], {part(forward.head.logprobs), part(forward.head.entropies)},
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
  if (ranks_.replicas->world().size == 1) return;
  for (auto& unit : units_) {
    const torch::Tensor gradient = unit->shard_gradient(), host = gradient.cpu();
    ThrowIfError(SumOverRanks(ranks_.replicas, unit->name(), Host(host).data(), host.numel()));
    if (!gradient.is_cpu()) gradient.copy_(host);
  }
}

// The sums of blocks go to every rank, which adds them in the order of the weights.
double Learner::GradientNorm() {
  std::vector<double> mine;
  for (auto& unit : units_) {
    const std::vector<double> sums = arithmetic_->SumsOfSquares(unit->shard_gradient());
    mine.insert(mine.end(), sums.begin(), sums.end());
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
        const auto part = [&](const torch::Tensor& of) {
          return of.narrow(0, begin - mine.begin, end - begin);
        };
        arithmetic_->AdamW(step, part(unit.shard_gradient()), part(unit.shard()),
                           part(unit.first_moment()), part(unit.second_moment()));
      }
      offset += size;
    }
    const torch::Tensor gradient = unit.shard_gradient();
    gradient.zero_();
  }
  return norm;
}

std::vector<float> Learner::Gradient() {
  ReduceOverReplicas();
  std::vector<float> gradient;
  for (auto& unit : units_) {
    const torch::Tensor mine = unit->shard_gradient();
    torch::Tensor full = mine;
    if (const int ranks = ranks_.weights->world().size; ranks > 1) {
      full = torch::empty({mine.numel() * ranks}, mine.options());
      ThrowIfError(ranks_.weights
                       ->AllGather(unit->name(), mine.data_ptr<float>(), mine.numel(),
                                   full.data_ptr<float>())
                       .Wait());
    }
    gradient.resize(gradient.size() + unit->size());
    Fetch(full, unit->size(), gradient.data() + gradient.size() - unit->size());
  }
  return gradient;
}

Weights Learner::ExportWeights() {
  Weights weights(config_);
  float* out = weights.flat().data();
  for (auto& unit : units_) {
    unit->Gather();
    Fetch(unit->value(), unit->size(), out);
    out += unit->size();
    unit->Release();
  }
  return weights;
}

std::vector<WeightsShard> Learner::Shards() {
  std::vector<WeightsShard> shards;
  published_.resize(units_.size());
  for (size_t i = 0; i < units_.size(); ++i) {
    const auto [begin, count] = shard_ranges_[i];
    const torch::Tensor& shard = units_[i]->shard();
    if (!shard.is_cpu()) {
      published_[i].resize(count);
      Fetch(shard, count, published_[i].data());
    }
    shards.push_back(
        {begin, shard.is_cpu() ? Host(shard).subspan(0, count) : absl::MakeSpan(published_[i])});
  }
  return shards;
}

void Learner::SaveShard(ShardState* state) {
  state->optimizer_step = optimizer_step_;
  using Part = const torch::Tensor& (FlatParameter::*)() const;
  const auto save = [&](Part part, std::vector<float>* to) {
    int64_t size = 0;
    for (const WeightsRange& range : shard_ranges_) size += range.count;
    to->resize(size);
    float* out = to->data();
    for (size_t i = 0; i < units_.size(); ++i) {
      Fetch((*units_[i].*part)(), shard_ranges_[i].count, out);
      out += shard_ranges_[i].count;
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
    const int64_t begin = shard_ranges_[i].begin, count = shard_ranges_[i].count;
    const auto fill = [&](const char* name, const torch::Tensor& to) {
      Fill(to, count, [&](absl::Span<float> out) { read(name, begin, out); });
    };
    fill("weights", units_[i]->shard());
    fill("first_moment", units_[i]->first_moment());
    fill("second_moment", units_[i]->second_moment());
  }
}

void Learner::ResetOptimizer() {
  optimizer_step_ = 0;
  for (auto& unit : units_) {
    for (torch::Tensor moment : {unit->first_moment(), unit->second_moment()}) moment.zero_();
  }
}

}  // namespace hone
