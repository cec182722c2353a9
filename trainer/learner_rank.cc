#include "trainer/learner_rank.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "trainer/learner/throw_if_error.h"
#include "trainer/ranks.h"
#include "trainer/rollout_gap.h"
#include "trainer/shard_file.h"

namespace hone {

LearnerOptions OptionsFor(const Experiment& experiment) {
  const TrainerResources& resources = experiment.resources.trainer;
  LearnerOptions options;
  options.precision = PrecisionOf(experiment.model);
  options.micro_batch_tokens = resources.micro_batch_tokens;
  options.recompute = resources.recompute;
  options.virtual_shards = resources.virtual_shards;
  options.torch_device = TorchDevice(resources);
  return options;
}

LearnerRank::LearnerRank(const Experiment& experiment, const ModelConfig& config,
                         Learner::ReadWeights read, const LearnerRanks& ranks,
                         WeightsPublisher& publisher)
    : experiment_(experiment),
      ranks_(ranks),
      publisher_(publisher),
      policy_(config, read, OptionsFor(experiment), ranks) {}

Status LearnerRank::Restore(const std::string& checkpoint) {
  HONE_ASSIGN_OR_RETURN(const ShardFiles shards, ShardFiles::Open(checkpoint, config()));
  policy_.RestoreShard(shards.optimizer_step(),
                       [&](const char* tensor, int64_t begin, absl::Span<float> out) {
                         shards.Read(tensor, begin, out);
                       });
  if (!shards.has_reference()) return absl::OkStatus();
  StartReference(
      [&](int64_t begin, absl::Span<float> out) { shards.Read("reference", begin, out); });
  return absl::OkStatus();
}

LearnerRank::Result LearnerRank::Execute(const LearnerCommand& command) {
  using Kind = LearnerCommand::Kind;
  Result result;
  switch (command.kind) {
    case Kind::kStillHere:
    case Kind::kEnd:
      break;
    case Kind::kPolicyGradient:
      result.sequences = PolicyGradient(command);
      break;
    case Kind::kSupervisedGradient:
      result.sequences = SupervisedGradient(command);
      break;
    case Kind::kUpdate:
      result.grad_norm = policy_.Update(experiment_.stages[command.stage].optimizer(), command.lr);
      break;
    case Kind::kLogProbs:
      result.logprobs = policy_.LogProbs(command.batch.sequences, command.temperature);
      break;
    case Kind::kReferenceLogProbs:
      result.logprobs = reference_->LogProbs(command.batch.sequences, command.temperature);
      break;
    case Kind::kStartReference:
      if (reference_ == nullptr) {
        StartReference([](int64_t, absl::Span<float>) {});  // zeros, for the moment
        reference_->CopyWeights(policy_);
      }
      break;
    case Kind::kReplaceReference:
      reference_->CopyWeights(policy_);
      break;
    case Kind::kDropReference:
      reference_.reset();
      break;
    case Kind::kResetOptimizer:
      policy_.ResetOptimizer();
      break;
    case Kind::kPublish:
      result.sources = Publish(command.version);
      break;
    case Kind::kSave:
      result.write_shard = WriteShard(command.checkpoint);
      break;
  }
  return result;
}

std::vector<SequenceTerms> LearnerRank::PolicyGradient(const LearnerCommand& command) {
  const AlgorithmSpec& algorithm = experiment_.stages[command.stage].grpo->algorithm;
  const TrainBatch& batch = command.batch;
  std::vector<SequenceTerms> sequences(batch.sequences.size());
  policy_.AccumulateGradient(batch.sequences, command.temperature,
                             [&](int64_t i, const TokenLogProbs& tokens,
                                 absl::Span<float> dlogprobs, absl::Span<float> dentropies) {
                               sequences[i].terms = SequenceLoss(algorithm, batch.Tokens(i, tokens),
                                                                 dlogprobs, dentropies);
                               for (size_t t = 0; t < tokens.logprobs.size(); ++t) {
                                 const double gap =
                                     std::abs(tokens.logprobs[t] - batch.rollout_logprobs[i][t]);
                                 sequences[i].gap = LargerGap(gap, sequences[i].gap);
                               }
                             });
  Share(&sequences);
  return sequences;
}

std::vector<SequenceTerms> LearnerRank::SupervisedGradient(const LearnerCommand& command) {
  const std::vector<TrainSequence>& batch = command.batch.sequences;
  int64_t loss_tokens = 0;
  for (const TrainSequence& sequence : batch) loss_tokens += sequence.loss_tokens();
  const double weight = 1.0 / static_cast<double>(loss_tokens);
  std::vector<SequenceTerms> sequences(batch.size());
  policy_.AccumulateGradient(
      batch, /*temperature=*/1.0f,
      [&](int64_t i, const TokenLogProbs& tokens, absl::Span<float> dlogprobs, absl::Span<float>) {
        for (const float logprob : tokens.logprobs) sequences[i].terms.loss -= weight * logprob;
        std::fill(dlogprobs.begin(), dlogprobs.end(), static_cast<float>(-weight));
      });
  Share(&sequences);
  return sequences;
}

void LearnerRank::Share(std::vector<SequenceTerms>* sequences) {
  std::vector<double> values;
  for (const auto& [terms, gap] : *sequences) {
    for (const double value : {terms.loss, terms.kl, terms.clipped, terms.entropy, terms.correction,
                               static_cast<double>(terms.tokens), gap}) {
      values.push_back(value);
    }
  }
  // Zeros where other ranks computed.
  ThrowIfError(ranks_.all->AllReduce("loss", values.data(), std::ssize(values)).Wait());
  auto value = values.begin();
  for (auto& [terms, gap] : *sequences) {
    for (double* field :
         {&terms.loss, &terms.kl, &terms.clipped, &terms.entropy, &terms.correction}) {
      *field = *value++;
    }
    terms.tokens = static_cast<int64_t>(*value++);
    gap = *value++;
  }
}

void LearnerRank::StartReference(Learner::ReadWeights read) {
  LearnerOptions options = OptionsFor(experiment_);
  options.trained = false;
  reference_ = std::make_unique<Learner>(config(), read, options, ranks_);
}

// Of ranks that hold the same shard the first one publishes it.
std::vector<WeightsSource> LearnerRank::Publish(uint64_t version) {
  std::string mine;
  if (ranks_.replicas->world().rank == 0) {
    std::vector<WeightsShard> shards = policy_.Shards();
    std::erase_if(shards, [](const WeightsShard& shard) { return shard.values.empty(); });
    const StatusOr<WeightsSource> source = publisher_.Publish(version, shards);
    ThrowIfError(source.status());
    mine = EncodeSource(*source);
  }
  const auto texts = AllGatherTexts(ranks_.all, "published weights", mine);
  ThrowIfError(texts.status());
  std::vector<WeightsSource> sources;
  for (const std::string& text : *texts) {
    if (text.empty()) continue;
    StatusOr<WeightsSource> source = DecodeSource(text);
    ThrowIfError(source.status());
    sources.push_back(*std::move(source));
  }
  return sources;
}

// The state is copied here and written while training goes on. The copy's memory is kept from one
// checkpoint to the next: given back among the activations, it would leave gaps that fit nothing.
// Of ranks that hold the same shard the first one writes.
std::function<Status()> LearnerRank::WriteShard(const std::string& folder) {
  if (ranks_.replicas->world().rank > 0) return [] { return absl::OkStatus(); };
  policy_.SaveShard(&saved_policy_);
  if (reference_ != nullptr) reference_->SaveShard(&saved_reference_);
  return [this, folder, has_reference = reference_ != nullptr] {
    return WriteShardFile(folder, ranks_.shards->world(), saved_policy_,
                          has_reference ? &saved_reference_.weights : nullptr);
  };
}

}  // namespace hone
