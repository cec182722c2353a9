#include "trainer/learner/learner.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "kernels/loss.h"
#include "kernels/matmul.h"
#include "kernels/optimizer.h"
#include "kernels/pointwise.h"
#include "kernels/sampling.h"
#include "model/transformer/block.h"
#include "trainer/learner/flat_parameter.h"

namespace hone {
namespace {

// Rows of logits that exist at once: the full [tokens × vocabulary] never does.
constexpr int64_t kLogitFloats = int64_t{1} << 22;

float* Data(const torch::Tensor& t) { return t.data_ptr<float>(); }

int64_t RoundUp16(int64_t n) { return (n + 15) / 16 * 16; }

}  // namespace

// Consecutive sequences that go through the model together.
struct Learner::MicroBatch {
  int64_t first_sequence = 0;
  std::vector<const TrainSequence*> sequences;
  std::shared_ptr<PackedTokens> packed = std::make_shared<PackedTokens>();
  std::vector<int64_t> rows;     // whose prediction carries the loss
  std::vector<int32_t> targets;  // [rows]
};

// What a forward pass leaves for the backward pass.
struct Learner::Forward {
  std::vector<torch::Tensor> inputs, outputs;  // of each block; outputs only without recompute
  torch::Tensor selected;                      // [rows, hidden], before the final norm
  torch::Tensor normed, inverse;
  std::vector<float> logprobs, entropies;  // [rows]
};

Learner::Learner(const Weights& weights, const LearnerOptions& options, Collectives* collectives)
    : config_(weights.config()),
      options_(options),
      collectives_(collectives),
      rope_(std::make_shared<RopeTable>(config_.head_dim, config_.rope_theta,
                                        config_.max_position_embeddings, config_.rope_scaling,
                                        options.precision)) {
  const auto flat = weights.flat();
  const int64_t embedding = int64_t{config_.vocab_size} * config_.hidden_size;
  const int64_t block = BlockSize(config_);
  int64_t offset = 0;
  const auto add = [&](std::string name, int64_t size) {
    units_.push_back(
        std::make_unique<FlatParameter>(std::move(name), flat.subspan(offset, size), collectives_));
    offset += size;
  };
  add("embedding", embedding);
  for (int i = 0; i < config_.num_layers; ++i) add(absl::StrCat("block ", i), block);
  add("head", static_cast<int64_t>(flat.size()) - offset);
}

Learner::~Learner() = default;

std::vector<Learner::MicroBatch> Learner::Plan(absl::Span<const TrainSequence> sequences) const {
  std::vector<MicroBatch> batches;
  for (size_t i = 0; i < sequences.size(); ++i) {
    const TrainSequence& sequence = sequences[i];
    const int64_t size = static_cast<int64_t>(sequence.tokens.size());
    TORCH_CHECK(sequence.prompt_size >= 1 && sequence.prompt_size <= size &&
                    size <= config_.max_position_embeddings,
                "sequence ", i, " has ", size, " tokens, ", sequence.prompt_size,
                " of them the prompt; the context is ", config_.max_position_embeddings);
    if (batches.empty() || batches.back().packed->size() + size > options_.micro_batch_tokens) {
      batches.emplace_back();
      batches.back().first_sequence = static_cast<int64_t>(i);
    }
    MicroBatch& batch = batches.back();
    const int64_t start = batch.packed->size();
    batch.sequences.push_back(&sequence);
    batch.packed->Append(sequence.tokens);
    for (int64_t t = sequence.prompt_size; t < size; ++t) {
      batch.rows.push_back(start + t - 1);
      batch.targets.push_back(sequence.tokens[t]);
    }
  }
  return batches;
}

void Learner::RunForward(const MicroBatch& batch, float temperature, bool keep, Forward* forward) {
  const int64_t tokens = batch.packed->size(), hidden = config_.hidden_size;
  const int64_t rows = static_cast<int64_t>(batch.rows.size());
  const torch::Tensor embedding = units_.front()->Gather();
  torch::Tensor x = torch::empty({tokens, hidden});
  Embed(Data(embedding), batch.packed->tokens.data(), tokens, hidden, Data(x));
  for (int i = 0; i < config_.num_layers; ++i) {
    FlatParameter& unit = *units_[i + 1];
    const BlockParameters parameters(config_, unit.Gather(),
                                     keep ? unit.Gradient() : torch::Tensor());
    const bool record = keep && !options_.recompute;
    const torch::Tensor input = x.detach().requires_grad_(record);
    {
      torch::AutoGradMode mode(record);
      x = BlockForward(config_, i, options_.precision, parameters, input, batch.packed, rope_);
    }
    if (keep) forward->inputs.push_back(input);
    if (record) forward->outputs.push_back(x);
    unit.Release();
  }

  torch::NoGradGuard no_grad;
  forward->selected = torch::empty({rows, hidden});
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(Data(x) + batch.rows[i] * hidden, hidden, Data(forward->selected) + i * hidden);
  }
  const torch::Tensor head_unit = units_.back()->Gather();
  forward->normed = torch::empty({rows, hidden});
  forward->inverse = torch::empty({rows});
  RmsNorm(Data(forward->selected), rows, hidden, Data(head_unit),
          static_cast<float>(config_.rms_norm_eps), Data(forward->normed), Data(forward->inverse),
          options_.precision);
  const float* head = config_.tie_word_embeddings ? Data(embedding) : Data(head_unit) + hidden;
  const int64_t vocab = config_.vocab_size, stride = RoundUp16(vocab);
  PackedMatrix packed;
  packed.PackTransposed(head, vocab, hidden);
  forward->logprobs.resize(rows);
  forward->entropies.resize(rows);
  const int64_t chunk = std::max<int64_t>(1, kLogitFloats / stride);
  torch::Tensor logits = torch::empty({std::min(chunk, rows), stride});
  for (int64_t begin = 0; begin < rows; begin += chunk) {
    const int64_t count = std::min(chunk, rows - begin);
    MatMul({Data(forward->normed) + begin * hidden, hidden}, count, packed, Data(logits), stride,
           Accumulate::kStore);
    LogProbRows(Data(logits), count, vocab, stride, LogitScale(temperature), &batch.targets[begin],
                &forward->logprobs[begin], &forward->entropies[begin]);
  }
  units_.back()->Release();
  units_.front()->Release();
}

void Learner::RunBackward(const MicroBatch& batch, float temperature, Forward* forward,
                          absl::Span<const float> dlogprobs, absl::Span<const float> dentropies) {
  const int64_t tokens = batch.packed->size(), hidden = config_.hidden_size;
  const int64_t rows = static_cast<int64_t>(batch.rows.size());
  const int64_t vocab = config_.vocab_size, stride = RoundUp16(vocab);
  const bool has_entropy =
      std::any_of(dentropies.begin(), dentropies.end(), [](float d) { return d != 0; });

  // The head: logits again, their gradient in place, then to the normed rows and the weights.
  const torch::Tensor embedding = units_.front()->Gather();
  const torch::Tensor dembedding = units_.front()->Gradient();
  const torch::Tensor head_unit = units_.back()->Gather();
  const torch::Tensor dhead_unit = units_.back()->Gradient();
  const bool tied = config_.tie_word_embeddings;
  const float* head = tied ? Data(embedding) : Data(head_unit) + hidden;
  float* dhead = tied ? Data(dembedding) : Data(dhead_unit) + hidden;
  PackedMatrix forward_head, backward_head, packed_rows;
  forward_head.PackTransposed(head, vocab, hidden);
  backward_head.Pack(head, vocab, hidden, hidden);
  const int64_t chunk = std::max<int64_t>(1, kLogitFloats / stride);
  torch::Tensor logits = torch::empty({std::min(chunk, rows), stride});
  torch::Tensor dnormed = torch::empty({rows, hidden});
  for (int64_t begin = 0; begin < rows; begin += chunk) {
    const int64_t count = std::min(chunk, rows - begin);
    const float* normed = Data(forward->normed) + begin * hidden;
    MatMul({normed, hidden}, count, forward_head, Data(logits), stride, Accumulate::kStore);
    LogProbRowsBackward(Data(logits), count, vocab, stride, LogitScale(temperature),
                        &batch.targets[begin], &dlogprobs[begin],
                        has_entropy ? &dentropies[begin] : nullptr);
    MatMul({Data(logits), stride}, count, backward_head, Data(dnormed) + begin * hidden, hidden,
           Accumulate::kStore);
    packed_rows.Pack(normed, count, hidden, hidden);
    MatMul({Data(logits), 1, stride}, vocab, packed_rows, dhead, hidden, Accumulate::kChain);
  }
  torch::Tensor dselected = torch::zeros({rows, hidden});
  RmsNormBackward(Data(dnormed), Data(forward->selected), Data(forward->inverse), rows, hidden,
                  Data(head_unit), Data(dselected), Data(dhead_unit));
  units_.back()->Release();
  torch::Tensor dx = torch::zeros({tokens, hidden});
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(Data(dselected) + i * hidden, hidden, Data(dx) + batch.rows[i] * hidden);
  }

  for (int i = config_.num_layers - 1; i >= 0; --i) {
    FlatParameter& unit = *units_[i + 1];
    const torch::Tensor value = unit.Gather();
    torch::Tensor input = forward->inputs[i];
    torch::Tensor output;
    if (options_.recompute) {
      torch::AutoGradMode mode(true);
      input = input.detach().requires_grad_();
      output = BlockForward(config_, i, options_.precision,
                            BlockParameters(config_, value, unit.Gradient()), input, batch.packed,
                            rope_);
    } else {
      output = forward->outputs[i];
      forward->outputs[i] = torch::Tensor();
    }
    torch::autograd::backward({output}, {dx});
    dx = input.grad();
    forward->inputs[i] = torch::Tensor();
    unit.Release();
  }
  EmbedBackward(Data(dx), batch.packed->tokens.data(), tokens, hidden, Data(dembedding));
  units_.front()->Release();
}

std::vector<TokenLogProbs> Learner::LogProbs(absl::Span<const TrainSequence> sequences,
                                             float temperature) {
  torch::NoGradGuard no_grad;
  std::vector<TokenLogProbs> result;
  for (const MicroBatch& batch : Plan(sequences)) {
    Forward forward;
    RunForward(batch, temperature, false, &forward);
    auto logprob = forward.logprobs.begin();
    auto entropy = forward.entropies.begin();
    for (const TrainSequence* sequence : batch.sequences) {
      const int64_t count = sequence->loss_tokens();
      result.push_back({{logprob, logprob + count}, {entropy, entropy + count}});
      logprob += count;
      entropy += count;
    }
  }
  return result;
}

void Learner::AccumulateGradient(absl::Span<const TrainSequence> sequences, float temperature,
                                 LossGradient loss_gradient) {
  TORCH_CHECK(options_.precision == Precision::kFloat32, "gradients are computed in fp32 only");
  for (const MicroBatch& batch : Plan(sequences)) {
    Forward forward;
    RunForward(batch, temperature, true, &forward);
    const size_t rows = batch.rows.size();
    std::vector<float> dlogprobs(rows, 0.0f), dentropies(rows, 0.0f);
    int64_t at = 0;
    for (size_t i = 0; i < batch.sequences.size(); ++i) {
      const int64_t count = batch.sequences[i]->loss_tokens();
      const auto part = [&](const std::vector<float>& all) {
        return std::vector<float>(all.begin() + at, all.begin() + at + count);
      };
      loss_gradient(batch.first_sequence + static_cast<int64_t>(i),
                    {part(forward.logprobs), part(forward.entropies)},
                    absl::MakeSpan(dlogprobs).subspan(at, count),
                    absl::MakeSpan(dentropies).subspan(at, count));
      at += count;
    }
    RunBackward(batch, temperature, &forward, dlogprobs, dentropies);
  }
}

void Learner::ReduceGradients() {
  for (auto& unit : units_) {
    unit->Gradient();  // zeros, should no sequence have come
    unit->ReduceGradient();
  }
}

double Learner::Update(const OptimizerSpec& spec, double lr) {
  ReduceGradients();
  double sum = 0;
  for (auto& unit : units_) {
    sum += SumOfSquares(unit->shard_gradient().data(), unit->shard_size());
  }
  const Status status = collectives_->AllReduce(&sum, 1);
  TORCH_CHECK(status.ok(), "gradient norm: ", std::string(status.message()));
  const double norm = std::sqrt(sum);
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
  const std::vector<TensorSpec> specs = TensorSpecs(config_);
  size_t tensor = 0;
  for (auto& unit : units_) {
    const int64_t shard_begin = collectives_->world().rank * unit->shard_size();
    const int64_t shard_end = std::min(unit->size(), shard_begin + unit->shard_size());
    for (int64_t offset = 0; offset < unit->size(); ++tensor) {
      const int64_t count = c10::multiply_integers(specs[tensor].shape);
      const int64_t begin = std::max(offset, shard_begin);
      const int64_t end = std::min(offset + count, shard_end);
      if (begin < end) {
        const int64_t at = begin - shard_begin;
        step.weight_decay =
            specs[tensor].shape.size() > 1 ? static_cast<float>(spec.weight_decay) : 0.0f;
        AdamW(step, &unit->shard_gradient()[at], end - begin, &unit->shard()[at],
              &unit->first_moment()[at], &unit->second_moment()[at]);
      }
      offset += count;
    }
  }
  return norm;
}

std::vector<float> Learner::Gradient() {
  std::vector<float> gradient;
  for (auto& unit : units_) {
    const torch::Tensor part = unit->Gradient();
    gradient.insert(gradient.end(), Data(part), Data(part) + part.numel());
  }
  return gradient;
}

Weights Learner::ExportWeights() {
  Weights weights(config_);
  float* out = weights.flat().data();
  for (auto& unit : units_) {
    const torch::Tensor full = unit->Gather();
    out = std::copy_n(Data(full), full.numel(), out);
    unit->Release();
  }
  return weights;
}

Learner::ShardState Learner::SaveShard() {
  ShardState state;
  state.optimizer_step = optimizer_step_;
  const auto append = [](absl::Span<float> from, std::vector<float>* to) {
    to->insert(to->end(), from.begin(), from.end());
  };
  for (auto& unit : units_) {
    append(unit->shard(), &state.weights);
    append(unit->first_moment(), &state.first_moment);
    append(unit->second_moment(), &state.second_moment);
  }
  return state;
}

void Learner::RestoreShard(const ShardState& state) {
  optimizer_step_ = state.optimizer_step;
  int64_t offset = 0;
  for (auto& unit : units_) {
    const int64_t n = unit->shard_size();
    TORCH_CHECK(offset + n <= static_cast<int64_t>(state.weights.size()),
                "the saved shard is smaller than this model's");
    std::copy_n(state.weights.begin() + offset, n, unit->shard().begin());
    std::copy_n(state.first_moment.begin() + offset, n, unit->first_moment().begin());
    std::copy_n(state.second_moment.begin() + offset, n, unit->second_moment().begin());
    offset += n;
  }
  TORCH_CHECK(offset == static_cast<int64_t>(state.weights.size()),
              "the saved shard is larger than this model's");
}

void Learner::ResetOptimizer() {
  optimizer_step_ = 0;
  for (auto& unit : units_) {
    std::fill(unit->first_moment().begin(), unit->first_moment().end(), 0.0f);
    std::fill(unit->second_moment().begin(), unit->second_moment().end(), 0.0f);
  }
}

}  // namespace hone
