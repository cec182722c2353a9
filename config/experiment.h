// The experiment file as typed structs. Each field is listed once, in its struct's Fields(): that
// list serves parsing, printing, documentation and "nearest valid key".
#ifndef HONE_CONFIG_EXPERIMENT_H_
#define HONE_CONFIG_EXPERIMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/task_spec.h"
#include "config/verifier_spec.h"

namespace hone {

// A model that starts from nothing. Shapes as in a Hugging Face config.json.
struct ModelInit {
  std::string architecture = "qwen3";
  int hidden_size = 128;
  int num_layers = 4;
  int num_heads = 4;
  int num_kv_heads = 2;
  int head_dim = 32;
  int intermediate_size = 384;
  int max_position_embeddings = 1024;
  double rope_theta = 10000.0;
  double rms_norm_eps = 1e-6;
  bool tie_word_embeddings = true;
  double initializer_range = 0.02;  // std of the normal that weights are drawn from

  template <typename V>
  void Fields(V& v) {
    v("architecture", architecture, "decoder family: llama, mistral, qwen2, qwen3");
    v("hidden_size", hidden_size, "width of the residual stream");
    v("num_layers", num_layers, "transformer blocks");
    v("num_heads", num_heads, "query heads");
    v("num_kv_heads", num_kv_heads, "key/value heads; divides num_heads");
    v("head_dim", head_dim, "width of a head; a multiple of 16");
    v("intermediate_size", intermediate_size, "width of the MLP; a multiple of 16");
    v("max_position_embeddings", max_position_embeddings, "longest sequence, prompt included");
    v("rope_theta", rope_theta, "base of the rotary frequencies");
    v("rms_norm_eps", rms_norm_eps, "epsilon of the norms");
    v("tie_word_embeddings", tie_word_embeddings, "share the embedding with the head");
    v("initializer_range", initializer_range, "standard deviation of the initial weights");
  }

  friend bool operator==(const ModelInit&, const ModelInit&) = default;
};

// A tokenizer trained from the text of the first stage's task or data.
struct TokenizerInit {
  std::string kind = "char";  // char | bpe
  int vocab_size = 512;       // bpe only

  template <typename V>
  void Fields(V& v) {
    v("kind", kind, "char (bytes, no merges) or bpe");
    v("vocab_size", vocab_size, "entries of a bpe vocabulary, special tokens included");
  }

  friend bool operator==(const TokenizerInit&, const TokenizerInit&) = default;
};

struct ModelSpec {
  std::string path;               // a Hugging Face folder …
  std::optional<ModelInit> init;  // … or a model from nothing; exactly one of the two
  TokenizerInit tokenizer;        // used with init
  std::string dtype = "float32";  // float32 | bfloat16

  template <typename V>
  void Fields(V& v) {
    v("path", path, "a Hugging Face folder (config.json, tokenizer.json, *.safetensors)");
    v("init", init, "start from nothing with these shapes");
    v("tokenizer", tokenizer, "how to train the tokenizer of an init model");
    v("dtype", dtype,
      "float32 or bfloat16: what weights and results are rounded to as the model computes; the "
      "learner's own weights, gradients and moments are float32");
  }

  friend bool operator==(const ModelSpec&, const ModelSpec&) = default;
};

struct OptimizerSpec {
  double lr = 1e-4;
  int warmup_steps = 10;
  std::string schedule = "constant";  // constant | cosine | linear
  double final_lr_fraction = 0.1;     // of lr, at the end of cosine and linear
  double beta1 = 0.9;
  double beta2 = 0.95;
  double eps = 1e-8;
  double weight_decay = 0.0;
  double max_grad_norm = 1.0;

  template <typename V>
  void Fields(V& v) {
    v("lr", lr, "peak learning rate");
    v("warmup_steps", warmup_steps, "steps of linear warm-up");
    v("schedule", schedule, "constant, cosine or linear, after the warm-up");
    v("final_lr_fraction", final_lr_fraction, "share of lr left at the end of cosine or linear");
    v("beta1", beta1, "AdamW first-moment decay");
    v("beta2", beta2, "AdamW second-moment decay");
    v("eps", eps, "AdamW epsilon");
    v("weight_decay", weight_decay, "AdamW decoupled decay, on matrices only");
    v("max_grad_norm", max_grad_norm, "gradient clipping by global norm; 0: off");
  }

  friend bool operator==(const OptimizerSpec&, const OptimizerSpec&) = default;
};

struct SamplingSpec {
  double temperature = 1.0;
  double top_p = 1.0;
  int top_k = 0;
  int max_tokens = 256;

  template <typename V>
  void Fields(V& v) {
    v("temperature", temperature, "softmax temperature; 0: greedy");
    v("top_p", top_p, "nucleus; 1: off");
    v("top_k", top_k, "most likely tokens kept; 0: off");
    v("max_tokens", max_tokens, "longest completion");
  }

  friend bool operator==(const SamplingSpec&, const SamplingSpec&) = default;
};

struct EvalSpec {
  int every_steps = 0;  // 0: only at the start and the end of a stage
  int problems = 512;   // of the held-out set
  int samples = 4;
  int max_tokens = 256;

  template <typename V>
  void Fields(V& v) {
    v("every_steps", every_steps, "also measure held-out accuracy every so many steps; 0: never");
    v("problems", problems, "held-out problems measured; 0: no measurements");
    v("samples", samples, "samples of each problem, at temperature 1");
    v("max_tokens", max_tokens, "longest completion measured");
  }

  friend bool operator==(const EvalSpec&, const EvalSpec&) = default;
};

// Warm start: supervised fine-tuning on demonstrations.
struct SftStage {
  SourceSpec source;
  int demonstrations = 20000;  // procedurally made
  int steps = 300;             // optimiser steps; the demonstrations repeat when used up
  int epochs = 0;              // > 0: decides `steps`
  int batch_tokens = 16384;    // per step
  OptimizerSpec optimizer;
  EvalSpec eval;

  template <typename V>
  void Fields(V& v) {
    source.Fields(v);
    v("demonstrations", demonstrations, "how many a procedural task makes; data have their own");
    v("steps", steps, "optimiser steps");
    v("epochs", epochs, "passes over the demonstrations, in place of steps; 0: by steps");
    v("batch_tokens", batch_tokens, "tokens of a step, prompts included");
    v("optimizer", optimizer, "AdamW and its schedule");
    v("eval", eval, "held-out measurements");
  }

  friend bool operator==(const SftStage&, const SftStage&) = default;
};

// The `algorithm:` block. Formulas and sources are in trainer/algorithm/, one header each;
// docs/algorithms.md says how they relate to other frameworks'. A bare name is a preset
// (config/presets.h).
struct AlgorithmSpec {
  std::string advantage = "grpo";
  double std_epsilon = 1e-6;
  std::string policy_loss = "clip";
  double clip_low = 0.2;
  double clip_high = 0.2;
  std::optional<double> dual_clip;  // e.g. 3.0
  double sapo_temperature_positive = 1.0;
  double sapo_temperature_negative = 1.05;
  std::optional<double> log_ratio_limit = 20.0;
  std::string aggregation = "token_mean";
  std::optional<double> denominator;  // null: sequences × the longest completion that was allowed
  double kl_coefficient = 0.0;
  std::string kl_estimator = "k3";
  std::string kl_in = "loss";
  int reference_every_steps = 0;  // 0: the stage's starting point stays the reference
  std::string correction = "none";
  double correction_low = 0.0;
  double correction_high = 2.0;
  double entropy_coefficient = 0.0;
  bool dynamic_sampling = false;
  int max_sampling_rounds = 10;
  int overlong_buffer_tokens = 0;
  double overlong_penalty = 1.0;

  template <typename V>
  void Fields(V& v) {
    v("advantage", advantage, "grpo, mean_centered, rloo, reinforce_pp or reinforce_pp_baseline");
    v("std_epsilon", std_epsilon, "grpo: added to the standard deviation of a group's rewards");
    v("policy_loss", policy_loss, "clip, gspo, cispo, sapo or dppo");
    v("clip_low", clip_low, "the ratio is clipped below at 1 - clip_low; dppo: lower threshold");
    v("clip_high", clip_high, "the ratio is clipped above at 1 + clip_high; dppo: upper threshold");
    v("dual_clip", dual_clip, "clip: bound of the ratio where the advantage is negative, above 1");
    v("sapo_temperature_positive", sapo_temperature_positive,
      "sapo: where the advantage is above 0");
    v("sapo_temperature_negative", sapo_temperature_negative, "sapo: elsewhere");
    v("log_ratio_limit", log_ratio_limit, "exponents are kept within ± this; null: as they are");
    v("aggregation", aggregation, "token_mean, sequence_mean or constant");
    v("denominator", denominator,
      "constant: divides the token sum; null: sequences × sampling.max_tokens");
    v("kl_coefficient", kl_coefficient, "weight of the KL to the reference policy; 0: off");
    v("kl_estimator", kl_estimator, "k1, k2 or k3");
    v("kl_in", kl_in, "loss (a term of each token) or reward (taken off each sample's reward)");
    v("reference_every_steps", reference_every_steps,
      "steps after which the policy becomes the KL's reference; 0: the stage's start stays it");
    v("correction", correction,
      "none, truncate or mask: importance weight of the learner against the rollout");
    v("correction_low", correction_low, "lower bound of that weight");
    v("correction_high", correction_high, "upper bound of that weight");
    v("entropy_coefficient", entropy_coefficient, "weight of the entropy bonus; 0: off");
    v("dynamic_sampling", dynamic_sampling,
      "drop groups whose rewards are all equal and sample on until the batch is full");
    v("max_sampling_rounds", max_sampling_rounds, "dynamic sampling: rounds of a step at most");
    v("overlong_buffer_tokens", overlong_buffer_tokens,
      "last tokens before sampling.max_tokens over which the overlong penalty grows; 0: off");
    v("overlong_penalty", overlong_penalty, "what a completion of sampling.max_tokens loses");
  }

  friend bool operator==(const AlgorithmSpec&, const AlgorithmSpec&) = default;
};

// Reinforcement learning from verifiable rewards.
struct GrpoStage {
  SourceSpec source;
  int steps = 100;
  int prompts_per_step = 32;
  int samples_per_prompt = 16;
  int minibatches = 1;       // optimiser updates for each batch of samples
  int max_staleness = 0;     // policy versions that generation may run ahead; 0: synchronous
  int partial_rollouts = 0;  // problems that a step carries over to the next; 0: waits for all
  SamplingSpec sampling;
  AlgorithmSpec algorithm;
  std::vector<RewardSpec> reward;
  OptimizerSpec optimizer;
  EvalSpec eval;
  double max_verifier_failures = 0.1;  // share of a step's samples; above it the run stops
  std::optional<double> max_rollout_learner_gap = 0.0;  // between log-probs; above it the run stops

  template <typename V>
  void Fields(V& v) {
    source.Fields(v);
    v("steps", steps, "batches of samples");
    v("prompts_per_step", prompts_per_step, "problems of a step");
    v("samples_per_prompt", samples_per_prompt, "completions of a problem: the group");
    v("minibatches", minibatches, "optimiser updates for each batch of samples");
    v("max_staleness", max_staleness, "policy versions generation may run ahead; 0: synchronous");
    v("partial_rollouts", partial_rollouts,
      "problems in flight besides prompts_per_step: a step takes the first that are finished and "
      "carries the others over, to go on under newer weights; at most prompts_per_step; 0: off");
    v("sampling", sampling, "how completions are drawn");
    v("algorithm", algorithm, "advantages and loss");
    v("reward", reward, "terms of the reward and their weights; the first decides the outcome");
    v("optimizer", optimizer, "AdamW and its schedule");
    v("eval", eval, "held-out measurements");
    v("max_verifier_failures", max_verifier_failures,
      "share of a step's samples that the verifier may fail on before the run stops");
    v("max_rollout_learner_gap", max_rollout_learner_gap,
      "largest difference between rollout's and learner's log-probs of a token, both by the same "
      "weights, before the run stops; null: any");
  }

  friend bool operator==(const GrpoStage&, const GrpoStage&) = default;
};

// One entry of `stages:`, e.g. `- sft: {…}`. Exactly one is set.
struct Stage {
  std::optional<SftStage> sft;
  std::optional<GrpoStage> grpo;

  template <typename V>
  void Fields(V& v) {
    v("sft", sft, "supervised fine-tuning on demonstrations");
    v("grpo", grpo, "reinforcement learning");
  }

  // What both kinds have.
  const SourceSpec& source() const { return sft ? sft->source : grpo->source; }
  const OptimizerSpec& optimizer() const { return sft ? sft->optimizer : grpo->optimizer; }
  const EvalSpec& eval() const { return sft ? sft->eval : grpo->eval; }
  int steps() const { return sft ? sft->steps : grpo->steps; }

  friend bool operator==(const Stage&, const Stage&) = default;
};

struct TrainerResources {
  int ranks = 1;
  int threads = 0;                // 0: all cores
  int micro_batch_tokens = 8192;  // tokens that go through the model at once
  bool recompute = false;         // recompute a block's activations in backward
  int virtual_shards = 0;         // > 0: the same bits on any number of ranks
  int shard_ranks = 0;            // ranks that share one copy of the state; 0: all
  double timeout_seconds = 120;   // of one collective operation
  int port = 0;                   // of the coordinator; 0: any free one
  std::string device = "cpu";     // "cuda": a GPU for each rank

  template <typename V>
  void Fields(V& v) {
    v("ranks", ranks, "learner ranks");
    v("threads", threads, "threads of a rank; 0: all cores");
    v("micro_batch_tokens", micro_batch_tokens, "tokens that go through the model at once");
    v("recompute", recompute, "recompute a block's activations in backward: less memory");
    v("virtual_shards", virtual_shards,
      "cut a batch into a multiple of so many parts: the same bits on any number of ranks; 0: off");
    v("shard_ranks", shard_ranks,
      "ranks that share one copy of the state, the ranks of a node, say; 0: all");
    v("timeout_seconds", timeout_seconds, "longest wait of a rank for the others");
    v("port", port, "port of the coordinator; 0: any free one");
    v("device", device, "cpu or cuda: where a rank learns");
  }

  friend bool operator==(const TrainerResources&, const TrainerResources&) = default;
};

struct RolloutResources {
  int workers = 1;
  int threads = 0;
  int max_sequences = 256;  // decoded together by a worker
  int kv_cache_tokens = 0;  // 0: enough for max_sequences of full length
  std::string device = "cpu";
  bool exact = true;

  template <typename V>
  void Fields(V& v) {
    v("workers", workers, "rollout processes");
    v("threads", threads, "threads of a worker; 0: its share of the cores");
    v("max_sequences", max_sequences, "sequences decoded together by a worker");
    v("kv_cache_tokens", kv_cache_tokens, "size of the KV cache; 0: enough for max_sequences");
    v("device", device, "cpu or cuda: where a worker decodes");
    v("exact", exact, "on cuda: the learner's log-probs to the bit; false: faster kernels");
  }

  friend bool operator==(const RolloutResources&, const RolloutResources&) = default;
};

struct RewardResources {
  int workers = 1;
  int judges = 0;
  int port = 0;

  template <typename V>
  void Fields(V& v) {
    v("workers", workers, "reward services");
    v("judges", judges, "judging processes of a service; 0: its share of the cores");
    v("port", port, "port of the first one; 0: any free one");
  }

  friend bool operator==(const RewardResources&, const RewardResources&) = default;
};

struct Resources {
  TrainerResources trainer;
  RolloutResources rollout;
  RewardResources reward;
  int metrics_port = 0;

  template <typename V>
  void Fields(V& v) {
    v("trainer", trainer, "the learner and the coordinator");
    v("rollout", rollout, "rollout workers");
    v("reward", reward, "reward services");
    v("metrics_port", metrics_port,
      "where each process serves metrics: the first free port from it on; 0: any free one");
  }

  friend bool operator==(const Resources&, const Resources&) = default;
};

struct CheckpointSpec {
  int every_steps = 20;  // optimiser steps; a stage's end is always saved
  int keep_last = 2;
  int keep_every = 0;  // steps of the run; 0: none

  template <typename V>
  void Fields(V& v) {
    v("every_steps", every_steps, "steps between checkpoints; a stage's end is always saved");
    v("keep_last", keep_last, "checkpoints kept, besides each stage's last");
    v("keep_every", keep_every, "also kept: those of every so many steps of the run; 0: none");
  }

  friend bool operator==(const CheckpointSpec&, const CheckpointSpec&) = default;
};

// One dimension of a sweep: the experiment is run with each of the values.
struct SweepSpec {
  std::string key;
  std::vector<std::string> values;

  template <typename V>
  void Fields(V& v) {
    v("key", key, "path of a value, as in an override: stages.1.grpo.algorithm");
    v("values", values, "what it is set to, one after the other");
  }

  friend bool operator==(const SweepSpec&, const SweepSpec&) = default;
};

struct Experiment {
  std::string name;
  uint64_t seed = 7;
  ModelSpec model;
  std::vector<Stage> stages;
  std::vector<SweepSpec> sweep;  // empty in an experiment that is run
  CheckpointSpec checkpoint;
  Resources resources;

  template <typename V>
  void Fields(V& v) {
    v("name", name, "letters, digits, - and _; names the run folder");
    v("seed", seed, "of everything random: weights, problems, samples");
    v("model", model, "where the weights come from");
    v("stages", stages, "what is done, in order");
    v("sweep", sweep, "run once for each combination of these values, and compare");
    v("checkpoint", checkpoint, "how often the state is saved");
    v("resources", resources,
      "processes, threads, memory; only micro_batch_tokens has a part in the bits");
  }

  friend bool operator==(const Experiment&, const Experiment&) = default;
};

}  // namespace hone

#endif  // HONE_CONFIG_EXPERIMENT_H_
