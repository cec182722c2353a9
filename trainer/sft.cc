#include "trainer/sft.h"

#include <utility>
#include <vector>

#include "trainer/demonstrations.h"
#include "trainer/schedule.h"

namespace hone {
namespace {

DemonstrationReader ReaderFor(const StageContext& context, const SftStage& stage,
                              const Task& task) {
  DemonstrationOptions options;
  options.seed = context.experiment.seed;
  options.count = stage.demonstrations;
  options.end_token = context.learners.config().eos_token_ids.front();
  options.context = context.learners.config().max_position_embeddings;
  return {context.tokenizer, task, options, context.position.data_cursor};
}

StatusOr<std::vector<TrainSequence>> NextBatch(DemonstrationReader* reader, int64_t tokens) {
  HONE_ASSIGN_OR_RETURN(std::vector<DemonstrationTokens> batch, reader->NextBatch(tokens));
  std::vector<TrainSequence> sequences;
  for (DemonstrationTokens& demonstration : batch) {
    sequences.push_back({std::move(demonstration.tokens), demonstration.prompt_size});
  }
  return sequences;
}

struct SftStep {
  double loss = 0;
  double grad_norm = 0;
  int64_t tokens = 0;
};

SftStep TrainStep(LearnerGroup& learners, int stage, std::vector<TrainSequence> sequences,
                  double lr) {
  SftStep step;
  for (const TrainSequence& sequence : sequences) step.tokens += std::ssize(sequence.tokens);
  for (const SequenceTerms& sequence : learners.SupervisedGradient(std::move(sequences))) {
    step.loss += sequence.terms.loss;
  }
  step.grad_norm = learners.Update(stage, lr);
  return step;
}

}  // namespace

Status RunSft(StageContext& context, const SftStage& stage) {
  TrainingState& position = context.position;
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task, MakeStageTask(context));
  DemonstrationReader reader = ReaderFor(context, stage, *task);
  context.progress.StartStage("sft", position.stage_step, stage.steps);

  while (position.stage_step < stage.steps) {
    HONE_RETURN_IF_ERROR(CheckStop(context));
    StepTimer timer;
    timer.Start("data");
    HONE_ASSIGN_OR_RETURN(std::vector<TrainSequence> sequences,
                          NextBatch(&reader, stage.batch_tokens));
    timer.Start("learn");
    const double lr = LearningRate(stage.optimizer, position.stage_step, stage.steps);
    const SftStep step = TrainStep(context.learners, position.stage, std::move(sequences), lr);
    ++position.step;
    ++position.stage_step;
    ++position.policy_version;
    position.data_cursor = reader.cursor();

    StepMetrics metrics{position.step, "sft", position.policy_version, {}};
    metrics.values = {{"loss", step.loss},
                      {"grad_norm", step.grad_norm},
                      {"lr", lr},
                      {"tokens", static_cast<double>(step.tokens)}};
    const bool last = position.stage_step == stage.steps;
    const int every = stage.eval.every_steps;
    const bool due = last || (every > 0 && position.stage_step % every == 0);
    if (due && stage.eval.problems > 0) {
      timer.Start("eval");
      HONE_ASSIGN_OR_RETURN(const Heldout heldout, MeasureHeldout(context, *task, stage.source,
                                                                  stage.eval, position.step));
      metrics.values.emplace_back("heldout_accuracy", heldout.accuracy);
    }
    timer.AppendTo(&metrics.values);
    HONE_RETURN_IF_ERROR(FinishStep(context, metrics, stage.steps));
  }
  return absl::OkStatus();
}

}  // namespace hone
