#include "config/validate.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "config/checker.h"
#include "config/scalar.h"
#include "config/validate_procedural.h"
#include "config/validate_task.h"
#include "config/validate_verifier.h"
#include "config/yaml_tree.h"

namespace hone {
namespace {

// Far above any model, and low enough that products of two sizes fit 64 bits with ease.
constexpr int kMaxWidth = 1 << 20;
constexpr int kMaxPort = 65535;

void CheckName(Checker& check, const std::string& name) {
  check.Require(!name.empty(), "name", "is missing; it names the run folder");
  check.Require(name.size() <= 128, "name", "is longer than 128 characters");
  check.Require(name.empty() || name[0] != '-', "name", "must not begin with -");
  for (char c : name) {
    check.Require(absl::ascii_isalnum(c) || c == '-' || c == '_', "name",
                  absl::StrCat("may have letters, digits, - and _ only, found ", Quote(name)));
  }
}

void CheckInit(Checker& check, const std::string& path, const ModelInit& init) {
  check.OneOf(path + ".architecture", init.architecture, {"llama", "mistral", "qwen2", "qwen3"});
  check.Between(path + ".hidden_size", init.hidden_size, 16, kMaxWidth);
  check.MultipleOf(path + ".hidden_size", init.hidden_size, 16);
  check.Between(path + ".num_layers", init.num_layers, 1, 4096);
  check.Between(path + ".num_heads", init.num_heads, 1, kMaxWidth / 16);
  check.AtLeast(path + ".num_kv_heads", init.num_kv_heads, 1);
  if (!check.status().ok()) return;
  check.Require(
      init.num_heads % init.num_kv_heads == 0, path + ".num_kv_heads",
      absl::StrCat("must divide num_heads, ", init.num_heads, ", found ", init.num_kv_heads));
  check.Between(path + ".head_dim", init.head_dim, 16, kMaxWidth / init.num_heads);
  check.MultipleOf(path + ".head_dim", init.head_dim, 16);
  check.Between(path + ".intermediate_size", init.intermediate_size, 16, kMaxWidth);
  check.MultipleOf(path + ".intermediate_size", init.intermediate_size, 16);
  check.AtLeast(path + ".max_position_embeddings", init.max_position_embeddings, 1);
  check.Positive(path + ".rope_theta", init.rope_theta);
  check.Positive(path + ".rms_norm_eps", init.rms_norm_eps);
  check.Positive(path + ".initializer_range", init.initializer_range);
}

void CheckModel(Checker& check, const ModelSpec& model) {
  check.Require(!model.path.empty() || model.init.has_value(), "model",
                "needs a `path` to a Hugging Face folder, or `init` to start from nothing");
  check.Require(model.path.empty() || !model.init.has_value(), "model.init",
                "excludes model.path: remove one of the two");
  if (model.init.has_value()) CheckInit(check, "model.init", *model.init);
  check.OneOf("model.dtype", model.dtype, {"float32", "bfloat16"});
  check.OneOf("model.tokenizer.kind", model.tokenizer.kind, {"char", "bpe"});
  if (model.tokenizer.kind == "bpe") {  // 256 bytes and the end of text come first
    check.Between("model.tokenizer.vocab_size", model.tokenizer.vocab_size, 257, kMaxWidth);
  }
}

void CheckOptimizer(Checker& check, const std::string& path, const OptimizerSpec& optimizer,
                    int64_t updates) {
  check.NotNegative(path + ".lr", optimizer.lr);
  check.AtLeast(path + ".warmup_steps", optimizer.warmup_steps, 0);
  check.OneOf(path + ".schedule", optimizer.schedule, {"constant", "cosine", "linear"});
  check.Require(optimizer.schedule == "constant" || optimizer.warmup_steps < updates,
                path + ".warmup_steps",
                absl::StrCat("leaves no steps to a ", optimizer.schedule,
                             " schedule: must be below the stage's ", updates,
                             " optimiser steps, found ", optimizer.warmup_steps));
  check.Fraction(path + ".final_lr_fraction", optimizer.final_lr_fraction);
  for (const auto& [key, beta] :
       {std::pair(".beta1", optimizer.beta1), {".beta2", optimizer.beta2}}) {
    check.Require(beta >= 0 && beta < 1, path + key,
                  absl::StrCat("must be at least 0 and below 1, found ", WriteScalar(beta)));
  }
  check.Positive(path + ".eps", optimizer.eps);
  check.NotNegative(path + ".weight_decay", optimizer.weight_decay);
  check.NotNegative(path + ".max_grad_norm", optimizer.max_grad_norm);
}

void CheckEval(Checker& check, const std::string& path, const EvalSpec& eval,
               const SourceSpec& source) {
  check.AtLeast(path + ".every_steps", eval.every_steps, 0);
  check.AtLeast(path + ".problems", eval.problems, 0);
  if (source.task && source.task->name == "mixture") {
    int64_t heldout = 0;
    for (const MixturePart& part : source.task->parts) heldout += part.heldout();
    check.Require(eval.problems <= heldout, path + ".problems",
                  absl::StrCat("must be at most the heldout of all parts, ", heldout, ", found ",
                               eval.problems));
  } else if (source.task && IsProcedural(*source.task)) {
    const int heldout = source.task->heldout();
    check.Require(
        eval.problems <= heldout, path + ".problems",
        absl::StrCat("must be at most task.heldout, ", heldout, ", found ", eval.problems));
  }
  check.AtLeast(path + ".samples", eval.samples, 1);
  check.AtLeast(path + ".max_tokens", eval.max_tokens, 1);
}

// What sft asks of data.
void CheckCompletions(Checker& check, const std::string& path, const DataSpec& data) {
  check.Require(!data.path.empty(), path + ".path", "is missing: the records to train on");
  check.Require(!data.completion_field.empty() || !data.messages_field.empty(),
                path + ".completion_field", "is missing: the field that sft teaches");
}

// What grpo asks of data.
void CheckAnswers(Checker& check, const std::string& path, const DataSpec& data) {
  check.Require(!data.path.empty(), path + ".path", "is missing: the records to train on");
  check.Require(!data.answer_field.empty(), path + ".answer_field",
                "is empty: rewards compare with an answer");
}

void CheckSft(Checker& check, const std::string& path, const SftStage& stage) {
  CheckSource(check, path, stage.source, stage.eval.problems);
  if (stage.source.data) CheckCompletions(check, path + ".data", *stage.source.data);
  check.AtLeast(path + ".epochs", stage.epochs, 0);
  check.AtLeast(path + ".demonstrations", stage.demonstrations, 1);
  check.AtLeast(path + ".steps", stage.steps, 1);
  check.AtLeast(path + ".batch_tokens", stage.batch_tokens, 1);
  CheckOptimizer(check, path + ".optimizer", stage.optimizer, stage.steps);
  CheckEval(check, path + ".eval", stage.eval, stage.source);
}

void CheckSampling(Checker& check, const std::string& path, const SamplingSpec& sampling) {
  check.NotNegative(path + ".temperature", sampling.temperature);
  check.Require(sampling.top_p > 0 && sampling.top_p <= 1, path + ".top_p",
                absl::StrCat("must be above 0 and at most 1, found ", WriteScalar(sampling.top_p)));
  check.AtLeast(path + ".top_k", sampling.top_k, 0);
  check.AtLeast(path + ".max_tokens", sampling.max_tokens, 1);
}

void CheckAlgorithm(Checker& check, const std::string& path, const AlgorithmSpec& algorithm) {
  check.OneOf(path + ".advantage", algorithm.advantage,
              {"grpo", "mean_centered", "rloo", "reinforce_pp", "reinforce_pp_baseline"});
  // Rewards that are equal but for rounding would be divided by 0.
  check.Positive(path + ".std_epsilon", algorithm.std_epsilon);
  check.OneOf(path + ".policy_loss", algorithm.policy_loss,
              {"clip", "gspo", "cispo", "sapo", "dppo"});
  check.Fraction(path + ".clip_low", algorithm.clip_low);
  check.NotNegative(path + ".clip_high", algorithm.clip_high);
  const double dual_clip = algorithm.dual_clip.value_or(3.0);
  check.Require(dual_clip > 1, path + ".dual_clip",
                absl::StrCat("must be above 1 or null, found ", WriteScalar(dual_clip)));
  check.Positive(path + ".sapo_temperature_positive", algorithm.sapo_temperature_positive);
  check.Positive(path + ".sapo_temperature_negative", algorithm.sapo_temperature_negative);
  check.Positive(path + ".log_ratio_limit", algorithm.log_ratio_limit.value_or(20.0));
  check.OneOf(path + ".aggregation", algorithm.aggregation,
              {"token_mean", "sequence_mean", "constant"});
  check.Positive(path + ".denominator", algorithm.denominator.value_or(1.0));
  check.NotNegative(path + ".kl_coefficient", algorithm.kl_coefficient);
  check.OneOf(path + ".kl_estimator", algorithm.kl_estimator, {"k1", "k2", "k3"});
  check.OneOf(path + ".kl_in", algorithm.kl_in, {"loss", "reward"});
  check.AtLeast(path + ".reference_every_steps", algorithm.reference_every_steps, 0);
  check.Require(algorithm.reference_every_steps == 0 || algorithm.kl_coefficient > 0,
                path + ".reference_every_steps",
                "replaces the reference of the KL, which is off: set kl_coefficient");
  check.OneOf(path + ".correction", algorithm.correction, {"none", "truncate", "mask"});
  check.NotNegative(path + ".correction_low", algorithm.correction_low);
  check.Positive(path + ".correction_high", algorithm.correction_high);
  check.Require(
      algorithm.correction_low <= algorithm.correction_high, path + ".correction_low",
      absl::StrCat("must be at most correction_high, ", WriteScalar(algorithm.correction_high),
                   ", found ", WriteScalar(algorithm.correction_low)));
  check.NotNegative(path + ".entropy_coefficient", algorithm.entropy_coefficient);
  check.AtLeast(path + ".max_sampling_rounds", algorithm.max_sampling_rounds, 1);
  check.AtLeast(path + ".overlong_buffer_tokens", algorithm.overlong_buffer_tokens, 0);
  check.NotNegative(path + ".overlong_penalty", algorithm.overlong_penalty);
}

void CheckRewards(Checker& check, const std::string& path, const std::vector<RewardSpec>& reward) {
  check.Require(!reward.empty(), path, "needs at least one term, e.g. [{name: countdown}]");
  for (size_t i = 0; i < reward.size(); ++i) {
    const std::string term_path = absl::StrCat(path, ".", i);
    CheckVerifier(check, term_path, reward[i]);
    const VerifierSpec& verifier = reward[i];
    check.Require(std::find(reward.begin(), reward.begin() + i, verifier) == reward.begin() + i,
                  term_path + ".name",
                  absl::StrCat("is a second term ", Quote(reward[i].name),
                               "; give one term the sum of the weights"));
  }
}

void CheckPartialRollouts(Checker& check, const std::string& path, const GrpoStage& stage) {
  check.AtLeast(path, stage.partial_rollouts, 0);
  check.Require(stage.partial_rollouts <= stage.prompts_per_step, path,
                absl::StrCat("must be at most prompts_per_step, ", stage.prompts_per_step,
                             ", so that a step has room for all that must not get older, found ",
                             stage.partial_rollouts));
  if (stage.partial_rollouts <= 0) return;
  check.Require(
      stage.max_staleness > 0, path,
      "needs max_staleness of at least 1: what is carried over was begun by older weights");
  check.Require(!stage.algorithm.dynamic_sampling, path,
                "does not go with algorithm.dynamic_sampling: set one of the two");
}

void CheckGrpo(Checker& check, const std::string& path, const GrpoStage& stage) {
  CheckSource(check, path, stage.source, stage.eval.problems);
  if (stage.source.data) CheckAnswers(check, path + ".data", *stage.source.data);
  check.AtLeast(path + ".steps", stage.steps, 1);
  check.AtLeast(path + ".prompts_per_step", stage.prompts_per_step, 1);
  check.AtLeast(path + ".samples_per_prompt", stage.samples_per_prompt, 1);
  check.Require(
      int64_t{stage.prompts_per_step} * stage.samples_per_prompt <= std::numeric_limits<int>::max(),
      path + ".samples_per_prompt", "times prompts_per_step is more than 2147483647");
  check.AtLeast(path + ".minibatches", stage.minibatches, 1);
  check.Require(stage.minibatches <= stage.prompts_per_step, path + ".minibatches",
                absl::StrCat("must be at most prompts_per_step, ", stage.prompts_per_step,
                             ", found ", stage.minibatches));
  check.AtLeast(path + ".max_staleness", stage.max_staleness, 0);
  CheckPartialRollouts(check, path + ".partial_rollouts", stage);
  CheckSampling(check, path + ".sampling", stage.sampling);
  CheckAlgorithm(check, path + ".algorithm", stage.algorithm);
  check.Require(!stage.algorithm.dynamic_sampling || stage.samples_per_prompt > 1,
                path + ".algorithm.dynamic_sampling",
                "would drop every group: samples_per_prompt is 1");
  check.Require(stage.algorithm.overlong_buffer_tokens <= stage.sampling.max_tokens,
                path + ".algorithm.overlong_buffer_tokens",
                absl::StrCat("must be at most sampling.max_tokens, ", stage.sampling.max_tokens,
                             ", found ", stage.algorithm.overlong_buffer_tokens));
  CheckRewards(check, path + ".reward", stage.reward);
  CheckOptimizer(check, path + ".optimizer", stage.optimizer,
                 int64_t{stage.steps} * stage.minibatches);
  CheckEval(check, path + ".eval", stage.eval, stage.source);
  check.Fraction(path + ".max_verifier_failures", stage.max_verifier_failures);
  if (stage.max_rollout_learner_gap) {
    check.NotNegative(path + ".max_rollout_learner_gap", *stage.max_rollout_learner_gap);
  }
}

// What completions of `max_tokens`, the value at `path`, ask of the model and of the KV cache.
void CheckFits(Checker& check, const std::string& path, int max_tokens,
               const Experiment& experiment) {
  if (experiment.model.init.has_value()) {
    const int longest = experiment.model.init->max_position_embeddings;
    check.Require(
        max_tokens < longest, path,
        absl::StrCat("leaves no room for a prompt: must be below ",
                     "model.init.max_position_embeddings, ", longest, ", found ", max_tokens));
  }
  const int cache = experiment.resources.rollout.kv_cache_tokens;
  check.Require(cache == 0 || cache > max_tokens, "resources.rollout.kv_cache_tokens",
                absl::StrCat("holds less than one sequence: must be above ", path, ", ", max_tokens,
                             ", or 0, found ", cache));
}

void CheckStages(Checker& check, const Experiment& experiment) {
  check.Require(!experiment.stages.empty(), "stages",
                "needs at least one stage, e.g. `- sft: {}` or `- grpo: {…}`");
  for (size_t i = 0; i < experiment.stages.size(); ++i) {
    const std::string path = absl::StrCat("stages.", i);
    const Stage& stage = experiment.stages[i];
    check.Require(stage.sft.has_value() || stage.grpo.has_value(), path,
                  "is empty; write `sft: {…}` or `grpo: {…}` (`{}` for the defaults)");
    check.Require(!stage.sft.has_value() || !stage.grpo.has_value(), path,
                  "is both sft and grpo; make it two stages");
    if (stage.sft.has_value()) {
      CheckSft(check, path + ".sft", *stage.sft);
      CheckFits(check, path + ".sft.eval.max_tokens", stage.sft->eval.max_tokens, experiment);
    }
    if (stage.grpo.has_value()) {
      CheckGrpo(check, path + ".grpo", *stage.grpo);
      const GrpoStage& grpo = *stage.grpo;
      CheckFits(check, path + ".grpo.sampling.max_tokens", grpo.sampling.max_tokens, experiment);
      CheckFits(check, path + ".grpo.eval.max_tokens", grpo.eval.max_tokens, experiment);
      const Resources& resources = experiment.resources;
      const bool inexact_rollout = resources.rollout.device == "cuda" && !resources.rollout.exact;
      check.Require(
          (!inexact_rollout && resources.trainer.device != "cuda") ||
              grpo.max_rollout_learner_gap != 0.0,
          path + ".grpo.max_rollout_learner_gap",
          absl::StrCat(
              "is 0, but ",
              inexact_rollout ? "resources.rollout.exact: false" : "resources.trainer.device: cuda",
              " lets engine and learner differ; give what is allowed (0.01, say; null: "
              "anything)"));
    }
  }
}

void CheckSweep(Checker& check, const std::vector<SweepSpec>& sweep) {
  for (size_t i = 0; i < sweep.size(); ++i) {
    const std::string path = absl::StrCat("sweep.", i);
    check.Require(!sweep[i].key.empty(), path + ".key",
                  "is empty; write the path of a value, e.g. seed");
    check.Require(sweep[i].key != "name" && sweep[i].key != "sweep", path + ".key",
                  absl::StrCat(Quote(sweep[i].key), " cannot be swept over"));
    check.Require(!sweep[i].values.empty(), path + ".values", "needs at least one value");
  }
}

void CheckResources(Checker& check, const Resources& resources) {
  const TrainerResources& trainer = resources.trainer;
  check.AtLeast("resources.trainer.ranks", trainer.ranks, 1);
  check.AtLeast("resources.trainer.threads", trainer.threads, 0);
  check.AtLeast("resources.trainer.micro_batch_tokens", trainer.micro_batch_tokens, 1);
  check.AtLeast("resources.trainer.virtual_shards", trainer.virtual_shards, 0);
  if (trainer.virtual_shards > 0) {
    check.Require(trainer.shard_ranks == 0 || trainer.shard_ranks == trainer.ranks,
                  "resources.trainer.virtual_shards",
                  "needs one copy of the state over all ranks: leave shard_ranks out");
  }
  check.AtLeast("resources.trainer.shard_ranks", trainer.shard_ranks, 0);
  if (trainer.shard_ranks > 0 && trainer.ranks > 0) {
    check.Require(trainer.ranks % trainer.shard_ranks == 0, "resources.trainer.shard_ranks",
                  absl::StrCat("must divide resources.trainer.ranks, ", trainer.ranks, ", found ",
                               trainer.shard_ranks));
  }
  check.Positive("resources.trainer.timeout_seconds", trainer.timeout_seconds);
  check.Between("resources.trainer.port", trainer.port, 0, kMaxPort);
  check.Require(trainer.device == "cpu" || trainer.device == "cuda", "resources.trainer.device",
                absl::StrCat("must be cpu or cuda, found ", trainer.device));
  const RolloutResources& rollout = resources.rollout;
  check.AtLeast("resources.rollout.workers", rollout.workers, 1);
  check.AtLeast("resources.rollout.threads", rollout.threads, 0);
  check.AtLeast("resources.rollout.max_sequences", rollout.max_sequences, 1);
  check.AtLeast("resources.rollout.kv_cache_tokens", rollout.kv_cache_tokens, 0);
  check.Require(rollout.device == "cpu" || rollout.device == "cuda", "resources.rollout.device",
                absl::StrCat("must be cpu or cuda, found ", rollout.device));
  const RewardResources& reward = resources.reward;
  check.AtLeast("resources.reward.workers", reward.workers, 1);
  check.AtLeast("resources.reward.judges", reward.judges, 0);
  check.Between("resources.reward.port", reward.port, 0, kMaxPort);
  check.Between("resources.metrics_port", resources.metrics_port, 0, kMaxPort);
  if (reward.port == 0) return;
  const int64_t last = int64_t{reward.port} + reward.workers - 1;  // one port for each worker
  check.Require(last <= kMaxPort, "resources.reward.port",
                absl::StrCat("leaves too few ports for ", reward.workers, " workers"));
  check.Require(trainer.port < reward.port || trainer.port > last, "resources.reward.port",
                absl::StrCat("to ", last, " overlaps resources.trainer.port, ", trainer.port));
}

}  // namespace

Status Validate(const Experiment& experiment,
                absl::FunctionRef<std::string(absl::string_view path)> where) {
  Checker check(where);
  CheckName(check, experiment.name);
  CheckModel(check, experiment.model);
  CheckStages(check, experiment);
  CheckSweep(check, experiment.sweep);
  check.AtLeast("checkpoint.every_steps", experiment.checkpoint.every_steps, 1);
  check.AtLeast("checkpoint.keep_last", experiment.checkpoint.keep_last, 1);
  check.AtLeast("checkpoint.keep_every", experiment.checkpoint.keep_every, 0);
  CheckResources(check, experiment.resources);
  return check.status();
}

Status ValidateAlgorithm(const AlgorithmSpec& algorithm,
                         absl::FunctionRef<std::string(absl::string_view path)> where) {
  Checker check(where);
  CheckAlgorithm(check, "algorithm", algorithm);
  return check.status();
}

}  // namespace hone
