#include "trainer/stage.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "config/load.h"
#include "data/utf8.h"
#include "trainer/model_prompts.h"

namespace hone {
namespace {

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

RolloutRecord MakeRecord(const StageContext& context, const std::string& split, const Group& group,
                         size_t i) {
  const Completion& completion = group.completions[i];
  const Score& score = group.scores[i];
  RolloutRecord record;
  record.step = context.position.step;
  record.split = split;
  record.policy_version = group.policy_version;
  record.prompt_id = group.prompt.id;
  record.sample_index = completion.sample_index;
  record.prompt = group.prompt.problem.prompt;
  record.answer = group.prompt.problem.answer;
  record.completion = CompletionText(context.tokenizer, completion.tokens);
  record.tokens = completion.tokens;
  record.logprobs = completion.logprobs;
  record.versions = completion.versions;
  record.finish_reason = std::string(Name(completion.finish_reason));
  record.outcome = std::string(Name(score.outcome));
  record.reward = score.reward;
  record.components = score.components;
  record.detail = score.detail;
  return record;
}

// Before any worker meets a prompt that it cannot continue.
Status CheckPrompts(const StageContext& context, const std::vector<Prompt>& prompts) {
  const int64_t longest = context.learners.config().max_position_embeddings;
  for (const Prompt& prompt : prompts) {
    if (static_cast<int64_t>(prompt.tokens.size()) < longest) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "a prompt has ", prompt.tokens.size(), " tokens and the model's context is ", longest,
        ": leave such prompts out by max_prompt_tokens, or raise the context; it begins: ",
        ToValidUtf8(prompt.problem.prompt.substr(0, 80))));
  }
  return absl::OkStatus();
}

// Every rank copies its state and writes it while the run goes on; so does this one with the rest.
Status StartCheckpoint(StageContext& context, bool ends_stage) {
  context.progress.Phase("saving a checkpoint");
  HONE_RETURN_IF_ERROR(context.save.Finish());
  HONE_ASSIGN_OR_RETURN(const std::string partial,
                        BeginCheckpoint(context.folder, context.position.step));
  return context.save.Start([&context, partial, ends_stage, state = context.position,
                             write_shard = context.learners.Save(partial)]() -> Status {
    HONE_RETURN_IF_ERROR(write_shard());
    const CheckpointContext checkpoint{context.folder,          context.experiment.checkpoint,
                                       context.experiment_hash, context.learners.config(),
                                       context.tokenizer,       context.origin};
    return CompleteCheckpoint(checkpoint, partial, context.num_shards, state, ends_stage);
  });
}

// Means over the seconds in which a worker generated; nothing for a step in which none did.
void AppendEngineMetrics(const CoordinatorStats::Worker& effort,
                         std::vector<std::pair<std::string, double>>* values) {
  const double seconds = effort.generate_seconds;
  if (seconds == 0) return;
  values->emplace_back("engine_tokens_per_second",
                       static_cast<double>(effort.generated_tokens) / seconds);
  values->emplace_back("engine_occupancy", effort.occupied_seconds / seconds);
  values->emplace_back("engine_cache_use", effort.cached_seconds / seconds);
}

}  // namespace

StepTimer::StepTimer() : begin_(Now()), part_begin_(begin_) {}

void StepTimer::Start(const std::string& name) {
  const double now = Now();
  if (!part_.empty()) parts_.emplace_back(part_ + "_seconds", now - part_begin_);
  part_ = name;
  part_begin_ = now;
}

void StepTimer::AppendTo(std::vector<std::pair<std::string, double>>* values) {
  Start("");
  values->emplace_back("seconds", seconds());
  values->insert(values->end(), parts_.begin(), parts_.end());
}

double StepTimer::seconds() const { return Now() - begin_; }

Status PublishWeights(StageContext& context) {
  const uint64_t version = context.position.policy_version;
  return context.coordinator.Publish(version, context.learners.config(),
                                     context.learners.Publish(version));
}

StatusOr<std::unique_ptr<Task>> MakeStageTask(StageContext& context) {
  const Stage& stage = context.experiment.stages[context.position.stage];
  HONE_ASSIGN_OR_RETURN(PromptTools tools,
                        ModelPromptTools(context.experiment.model.path, context.tokenizer));
  tools.answers = AnswerChecksOf(stage, context.make_answer_check);
  HONE_ASSIGN_OR_RETURN(std::unique_ptr<Task> task, MakeTask(stage.source(), tools));
  for (const std::string& note : task->notes()) context.progress.Say(note);
  return task;
}

StatusOr<Prompt> MakePrompt(const Tokenizer& tokenizer, Problem problem, uint64_t id) {
  Prompt prompt;
  prompt.id = id;
  HONE_ASSIGN_OR_RETURN(prompt.tokens,
                        tokenizer.Encode(problem.prompt, problem.add_special_tokens));
  prompt.problem = std::move(problem);
  return prompt;
}

std::string CompletionText(const Tokenizer& tokenizer, absl::Span<const int32_t> tokens) {
  return tokenizer.Decode(tokens, /*skip_special=*/true);
}

StatusOr<Sampling> StartSampling(StageContext& context, const SampleRequest& request,
                                 int64_t step) {
  HONE_RETURN_IF_ERROR(CheckPrompts(context, request.prompts));
  Sampling sampling{0, step, context.position.policy_version};
  // On the account before any lease is given; a crash from here on is rolled back with the step.
  HONE_RETURN_IF_ERROR(context.ledger.RecordIssued(step, request.prompts, request.num_samples,
                                                   sampling.issued_version));
  HONE_ASSIGN_OR_RETURN(sampling.job, EnqueueRequest(context, request));
  return sampling;
}

StatusOr<JobId> EnqueueRequest(StageContext& context, const SampleRequest& request) {
  GenerateJob job;
  job.prompts = request.prompts;
  job.num_samples = request.num_samples;
  job.sampling = request.sampling;
  job.sampling.seed = context.experiment.seed;
  job.sampling.stop_tokens = context.learners.config().eos_token_ids;
  job.follow_weights = request.follow_weights;
  job.reward = request.reward;
  job.decode = [&tokenizer = context.tokenizer](absl::Span<const int32_t> tokens) {
    return CompletionText(tokenizer, tokens);
  };
  return context.coordinator.Enqueue(std::move(job));
}

Coordinator::OnProgress ShowSamples(StageContext& context, const std::string& split) {
  return [&context, split](int64_t scored, int64_t samples) {
    context.progress.Phase(absl::StrFormat("%s samples %d/%d", split, scored, samples));
    return CheckStop(context);
  };
}

StatusOr<std::vector<Group>> FinishSampling(StageContext& context, const Sampling& sampling,
                                            const std::string& split) {
  HONE_ASSIGN_OR_RETURN(std::vector<Group> groups,
                        context.coordinator.Wait(sampling.job, ShowSamples(context, split)));
  HONE_RETURN_IF_ERROR(
      context.ledger.RecordConsumed(sampling.step, sampling.issued_version, groups));
  HONE_RETURN_IF_ERROR(CountWork(context, sampling.step));
  return groups;
}

Status CountWork(StageContext& context, int64_t step) {
  const CoordinatorStats stats = context.coordinator.TakeStats();
  for (const auto& [client_id, worker] : stats.workers) context.effort += worker;
  return context.ledger.CountLease(step, stats.leases_granted, stats.leases_lost,
                                   stats.duplicates_refused);
}

Status StoreRollouts(const StageContext& context, absl::Span<const Group* const> groups,
                     const std::string& split) {
  std::vector<RolloutRecord> records;
  for (const Group* group : groups) {
    for (size_t i = 0; i < group->completions.size(); ++i) {
      records.push_back(MakeRecord(context, split, *group, i));
    }
  }
  return WriteRollouts(context.folder, context.position.step, split, records);
}

StatusOr<Heldout> MeasureHeldout(StageContext& context, const Task& task, const SourceSpec& source,
                                 const EvalSpec& spec, int64_t step) {
  const uint64_t version = context.position.policy_version;
  const std::string name = absl::StrFormat("%s%d problems, %d samples, %d tokens", ToYaml(source),
                                           spec.problems, spec.samples, spec.max_tokens);
  std::optional<HeldoutMeasure>& measured = context.position.measured;
  if (measured && measured->policy_version == version && measured->spec == name) {
    return Heldout{measured->accuracy, /*known=*/true};
  }
  SampleRequest request;
  const int64_t count = std::min<int64_t>(spec.problems, task.num_heldout());
  for (int64_t i = 0; i < count; ++i) {
    HONE_ASSIGN_OR_RETURN(Problem problem, task.HeldoutProblem(i));
    HONE_ASSIGN_OR_RETURN(Prompt prompt, MakePrompt(context.tokenizer, std::move(problem),
                                                    PromptId(context.position.stage, true, i)));
    request.prompts.push_back(std::move(prompt));
  }
  request.num_samples = spec.samples;
  request.sampling.temperature = 1.0f;
  request.sampling.max_tokens = spec.max_tokens;
  request.reward = {{task.reward()}};
  HONE_RETURN_IF_ERROR(PublishWeights(context));
  HONE_ASSIGN_OR_RETURN(const Sampling sampling, StartSampling(context, request, step));
  HONE_ASSIGN_OR_RETURN(const std::vector<Group> groups,
                        FinishSampling(context, sampling, "heldout"));
  std::vector<const Group*> all;
  for (const Group& group : groups) all.push_back(&group);
  HONE_RETURN_IF_ERROR(StoreRollouts(context, all, "heldout"));
  int64_t correct = 0, judged = 0;
  for (const Group& group : groups) {
    for (const Score& score : group.scores) {
      correct += score.outcome == Outcome::kCorrect;
      judged += !IsVerifierFailure(score.outcome);
    }
  }
  if (judged == 0) return absl::UnavailableError("the verifier judged no held-out sample");
  const double accuracy = static_cast<double>(correct) / static_cast<double>(judged);
  measured = {accuracy, version, name};
  return Heldout{accuracy, /*known=*/false};
}

Status FinishStep(StageContext& context, StepMetrics metrics, int64_t stage_steps) {
  const TrainingState& position = context.position;
  AppendEngineMetrics(std::exchange(context.effort, {}), &metrics.values);
  HONE_RETURN_IF_ERROR(context.metrics.Write(metrics));
  const bool ends_stage = position.stage_step == stage_steps;
  if (ends_stage || position.stage_step % context.experiment.checkpoint.every_steps == 0) {
    HONE_RETURN_IF_ERROR(StartCheckpoint(context, ends_stage));
  }
  context.progress.Step(position.stage_step, metrics);
  return absl::OkStatus();
}

Status CheckStop(const StageContext& context) {
  if (context.stop) return absl::CancelledError("asked to stop");
  return absl::OkStatus();
}

uint64_t PromptId(int stage, bool heldout, int64_t index) {
  return static_cast<uint64_t>(2 * stage + heldout + 1) << 48 | static_cast<uint64_t>(index);
}

}  // namespace hone
