#include "app/estimate.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "data/gsm8k.h"
#include "data/task.h"
#include "model/hf_folder.h"
#include "rollout/engine/engine.h"

namespace hone {
namespace {

// A process that holds nothing yet: code, LibTorch's tables, gRPC's buffers.
constexpr int64_t kProgramBytes = int64_t{165} << 20;
// Of what comes and goes, the share that the allocator keeps besides: sizes rounded up, and gaps
// (bench/compare_memory.py).
constexpr double kAllocatorShare = 0.3;
constexpr int64_t kFloatBytes = sizeof(float);
// Of the head, a packed tile.
constexpr int64_t kHeadTileFloats = int64_t{4} << 20;
// Rows of prompts that go through a rollout worker at once.
constexpr int64_t kPrefillRows = 2048;

// Floats that a block leaves for its backward pass, for each token.
int64_t BlockActivations(const ModelConfig& config) {
  const int64_t hidden = config.hidden_size, query = config.query_size(), kv = config.kv_size();
  return 4 * hidden                      // input, middle, and both after their norm
         + 2 * (query + 2 * kv)          // q, k, v before and after norm and rotation
         + 2 * kv + query                // k and v in blocks; the attention's output
         + 3 * config.intermediate_size  // gate, up, and their product
         + config.num_heads;             // the softmax's sums
}

// Floats of the gradients that a block's backward pass holds at once, for each token: at its
// widest, those of the MLP and of the residual stream.
int64_t BlockGradients(const ModelConfig& config) {
  return 3 * config.intermediate_size + 2 * config.hidden_size;
}

// Tokens of the longest sequence that may be trained on.
int64_t LongestSequence(const RunEstimate& estimate, const ModelConfig& config) {
  int64_t longest = 0;
  for (const StageEstimate& stage : estimate.stages) {
    longest = std::max(longest, stage.longest_sequence);
  }
  return std::min<int64_t>(longest, config.max_position_embeddings);
}

// Tokens of the largest micro-batch of a rank.
int64_t MicroBatchTokens(const TrainerResources& resources, const RunEstimate& estimate,
                         const ModelConfig& config) {
  const int parts = resources.virtual_shards > 0 ? resources.virtual_shards : resources.ranks;
  int64_t most = LongestSequence(estimate, config);
  for (const StageEstimate& stage : estimate.stages) {
    const int64_t part = (stage.trained_per_step + parts - 1) / parts;
    // Micro-batches are alike (trainer/learner/plan.h).
    const int64_t count = (part + resources.micro_batch_tokens - 1) / resources.micro_batch_tokens;
    most = std::max(most, part / std::max<int64_t>(1, count));
  }
  return most;
}

// Floats of the units that are whole at a time, and of their gradients (Learner::RunBackward): at
// the head its unit and the block below it, then two blocks; with a tied head the embedding's
// gradient stays. The weights of a world of one rank are whole anyway.
int64_t GatheredFloats(const ModelConfig& config, int shard_ranks) {
  const int64_t block = BlockSize(config);
  const int64_t embedding = int64_t{config.vocab_size} * config.hidden_size;
  const bool gathered = shard_ranks > 1;
  const int64_t at_head = embedding + (gathered ? embedding + block : 0);
  const int64_t at_blocks =
      (config.tie_word_embeddings ? embedding : 0) + 2 * block + (gathered ? 2 * block : 0);
  return std::max(at_head, at_blocks);
}

// Rank 0, and the other ranks if there are any.
std::vector<RoleEstimate> EstimateTrainer(const Experiment& experiment, const ModelConfig& config,
                                          const RunEstimate& estimate) {
  const TrainerResources& resources = experiment.resources.trainer;
  const int shard_ranks = resources.shard_ranks > 0 ? resources.shard_ranks : resources.ranks;
  const int64_t parameters = NumParameters(config);
  const int64_t shard = (parameters + shard_ranks - 1) / shard_ranks;
  const int64_t tokens = MicroBatchTokens(resources, estimate, config);
  const int64_t block = BlockActivations(config);
  const int64_t kept =
      BlockGradients(config) + (resources.recompute ? config.num_layers * config.hidden_size + block
                                                    : config.num_layers * block);
  // kernels/token_head.h
  const int64_t logits =
      std::clamp<int64_t>(tokens * config.vocab_size / 16, 1 << 20, 32 << 20) + kHeadTileFloats;
  const bool reference = std::any_of(
      experiment.stages.begin(), experiment.stages.end(),
      [](const Stage& stage) { return stage.grpo && stage.grpo->algorithm.kl_coefficient != 0; });
  RoleEstimate rank{"trainer, other ranks", resources.ranks - 1, {}};
  auto& parts = rank.parts_bytes;
  parts.emplace_back("weights, gradient, AdamW moments", 16 * shard);
  const int64_t units = kFloatBytes * GatheredFloats(config, shard_ranks);
  const int64_t activations = kFloatBytes * (tokens * kept + logits);
  parts.emplace_back("whole units and their gradients", units);
  parts.emplace_back("activations of a micro-batch", activations);
  parts.emplace_back("kept by the allocator",
                     std::llround(kAllocatorShare * static_cast<double>(units + activations)));
  if (reference) parts.emplace_back("reference policy", kFloatBytes * shard);
  parts.emplace_back("checkpoint being written", (reference ? 4 : 3) * kFloatBytes * shard);
  parts.emplace_back("published weights, shared memory", kFloatBytes * shard);
  parts.emplace_back("program", kProgramBytes);
  RoleEstimate first = rank;
  first.role = resources.ranks > 1 ? "trainer, rank 0" : "trainer";
  first.processes = 1;
  // hf/ is made from all shards through a file that is mapped.
  first.parts_bytes.emplace_back("checkpoint's weights, mapped", kFloatBytes * parameters);
  if (resources.ranks == 1) return {first};
  return {first, rank};
}

RoleEstimate EstimateRollout(const Experiment& experiment, const ModelConfig& config) {
  const RolloutResources& resources = experiment.resources.rollout;
  const int64_t parameters = NumParameters(config);
  if (resources.device == "cuda") {
    return {"rollout, its GPU apart",
            resources.workers,
            {{"weights as received", kFloatBytes * parameters}, {"program", kProgramBytes}}};
  }
  EngineOptions engine;
  engine.max_sequences = resources.max_sequences;
  engine.kv_cache_tokens = resources.kv_cache_tokens;
  engine.decoder = {.precision = PrecisionOf(experiment.model)};
  const int64_t row = 3 * config.hidden_size + 2 * config.query_size() + 2 * config.kv_size() +
                      3 * config.intermediate_size;
  // Where samples go on with new weights, those are packed beside the old ones.
  const bool follow =
      std::any_of(experiment.stages.begin(), experiment.stages.end(),
                  [](const Stage& stage) { return stage.grpo && stage.grpo->max_staleness > 0; });
  return {"rollout",
          resources.workers,
          {{"weights, packed and as received", (follow ? 3 : 2) * kFloatBytes * parameters},
           {"KV cache", KvCacheBytes(config, engine)},
           {"activations and logits",
            kFloatBytes * ((kPrefillRows + resources.max_sequences) * row +
                           int64_t{resources.max_sequences} * config.vocab_size)},
           {"program", kProgramBytes}}};
}

// The limit that the source sets, 0 for none.
int64_t PromptLimit(const SourceSpec& source) {
  return source.data ? source.data->max_prompt_tokens : source.task->gsm8k.max_prompt_tokens;
}

// The longest of some prompts, in bytes: at least as many as tokens. The limit where their files
// are not there.
StatusOr<int64_t> PromptTokens(const Experiment& experiment, const SourceSpec& source) {
  if (!MissingFiles(source).empty()) return PromptLimit(source);
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task, MakeTask(source, TextOnlyTools()));
  size_t longest = 0;
  for (int i = 0; i < 64; ++i) {
    HONE_ASSIGN_OR_RETURN(const Problem problem, task->TrainProblem(experiment.seed, i));
    longest = std::max(longest, problem.prompt.size());
  }
  return static_cast<int64_t>(longest);
}

StatusOr<StageEstimate> EstimateStage(const Experiment& experiment, const Stage& stage,
                                      const ModelConfig& config) {
  const EvalSpec& eval = stage.eval();
  StageEstimate estimate;
  estimate.steps = stage.steps();
  estimate.evaluations = 2 + (eval.every_steps > 0 ? (estimate.steps - 1) / eval.every_steps : 0);
  if (eval.problems == 0) estimate.evaluations = 0;
  estimate.generated_per_evaluation = int64_t{eval.problems} * eval.samples * eval.max_tokens;
  if (stage.sft) {
    estimate.name = "sft";
    estimate.trained_per_step = stage.sft->batch_tokens;
    estimate.longest_sequence = config.max_position_embeddings;
    return estimate;
  }
  const GrpoStage& grpo = *stage.grpo;
  HONE_ASSIGN_OR_RETURN(const int64_t prompt_tokens, PromptTokens(experiment, grpo.source));
  estimate.name = "grpo";
  estimate.longest_sequence = prompt_tokens + grpo.sampling.max_tokens;
  estimate.sequences_per_step = int64_t{grpo.prompts_per_step} * grpo.samples_per_prompt;
  const int rounds = grpo.algorithm.dynamic_sampling ? grpo.algorithm.max_sampling_rounds : 1;
  estimate.generated_per_step = estimate.sequences_per_step * rounds * grpo.sampling.max_tokens;
  estimate.trained_per_step =
      estimate.sequences_per_step * (prompt_tokens + grpo.sampling.max_tokens);
  return estimate;
}

std::string Bytes(int64_t bytes) {
  if (bytes >= int64_t{1} << 30) return absl::StrFormat("%.1f GB", bytes / double{1 << 30});
  return absl::StrFormat("%.0f MB", std::max(1.0, bytes / double{1 << 20}));
}

// Three figures and a unit.
std::string Count(int64_t count) {
  for (const auto& [unit, size] : {std::pair("T", 1e12), {"G", 1e9}, {"M", 1e6}, {"k", 1e3}}) {
    if (static_cast<double>(count) >= size) return absl::StrFormat("%.3g%s", count / size, unit);
  }
  return absl::StrCat(count);
}

}  // namespace

int64_t RoleEstimate::bytes() const {
  int64_t sum = 0;
  for (const auto& [name, bytes] : parts_bytes) sum += bytes;
  return sum;
}

int64_t RunEstimate::bytes() const {
  int64_t sum = 0;
  for (const RoleEstimate& role : roles) sum += role.processes * role.bytes();
  return sum;
}

std::vector<std::string> MissingFiles(const SourceSpec& source) {
  DataSpec data;
  if (source.data) {
    data = *source.data;
  } else if (source.task->name == "gsm8k") {
    data = Gsm8kData(source.task->gsm8k);
  }
  std::vector<std::string> missing;
  for (const std::string& path : {data.path, data.heldout_path}) {
    if (!path.empty() && !FileExists(path)) missing.push_back(path);
  }
  return missing;
}

StatusOr<ModelConfig> PlannedModel(const Experiment& experiment) {
  const ModelSpec& spec = experiment.model;
  if (!spec.init) {
    StatusOr<ModelConfig> config = LoadModelConfig(spec.path);
    if (!config.ok()) return Annotate(config.status(), "model.path");
    return config;
  }
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task,
                        MakeTask(experiment.stages.front().source(), TextOnlyTools()));
  const int bytes_and_end = 256 + 1;
  const int vocab_size = spec.tokenizer.kind == "bpe"
                             ? spec.tokenizer.vocab_size
                             : bytes_and_end + static_cast<int>(task->added_tokens().size());
  return ConfigFromInit(*spec.init, vocab_size, /*eos_token_id=*/256);
}

StatusOr<RunEstimate> EstimateRun(const Experiment& experiment, const ModelConfig& config) {
  RunEstimate estimate;
  estimate.parameters = NumParameters(config);
  for (const Stage& stage : experiment.stages) {
    HONE_ASSIGN_OR_RETURN(StageEstimate stage_estimate, EstimateStage(experiment, stage, config));
    estimate.stages.push_back(std::move(stage_estimate));
  }
  estimate.roles = EstimateTrainer(experiment, config, estimate);
  estimate.roles.push_back(EstimateRollout(experiment, config));
  estimate.roles.push_back(
      {"reward", experiment.resources.reward.workers, {{"program", kProgramBytes}}});
  return estimate;
}

std::string FormatEstimate(const RunEstimate& estimate, int64_t available_bytes) {
  std::string out = absl::StrFormat("%-38s %10s\n", "memory", Count(estimate.parameters) + " par.");
  for (const RoleEstimate& role : estimate.roles) {
    absl::StrAppendFormat(&out, "%-36s %12s%s\n", absl::StrCat(role.role, " × ", role.processes),
                          Bytes(role.bytes()), role.processes > 1 ? " each" : "");
    for (const auto& [name, bytes] : role.parts_bytes) {
      absl::StrAppendFormat(&out, "  %-36s %10s\n", name, Bytes(bytes));
    }
  }
  absl::StrAppendFormat(&out, "%-38s %10s of %s available\n", "in all", Bytes(estimate.bytes()),
                        Bytes(available_bytes));
  if (estimate.bytes() > available_bytes) {
    out +=
        "This is more than the machine has: lower resources.trainer.micro_batch_tokens,\n"
        "resources.rollout.max_sequences or the number of workers.\n";
  }
  absl::StrAppendFormat(&out, "\n%-8s %7s %14s %15s %15s %10s\n", "tokens", "steps", "samples/step",
                        "generated/step", "trained/step", "in all");
  int64_t all = 0;
  for (const StageEstimate& stage : estimate.stages) {
    const int64_t tokens = stage.generated() + stage.trained();
    all += tokens;
    absl::StrAppendFormat(&out, "%-8s %7d %14d %15s %15s %10s\n", stage.name, stage.steps,
                          stage.sequences_per_step, Count(stage.generated_per_step),
                          Count(stage.trained_per_step), Count(tokens));
    absl::StrAppendFormat(&out, "  and %d held-out measurements of %s tokens each\n",
                          stage.evaluations, Count(stage.generated_per_evaluation));
  }
  absl::StrAppendFormat(&out, "in all   %s tokens, if no completion ends before its limit\n",
                        Count(all));
  return out;
}

}  // namespace hone
