#include "trainer/sft.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/philox.h"
#include "trainer/schedule.h"

namespace hone {
namespace {

// Streams of the run's seed for shuffling, one an epoch.
constexpr uint64_t kShuffleStream = uint64_t{0x5f7} << 32;

// Demonstrations in an order that is shuffled anew each epoch: a pure function of the cursor.
class DemonstrationReader {
 public:
  DemonstrationReader(const StageContext& context, const Task& task, int64_t count, int64_t cursor)
      : context_(context),
        task_(task),
        count_(count),
        cursor_(cursor),
        end_token_(context.learner.config().eos_token_ids.front()) {}

  int64_t cursor() const { return cursor_; }

  StatusOr<TrainSequence> Next() {
    const int64_t epoch = cursor_ / count_;
    if (epoch != epoch_) Shuffle(epoch);
    HONE_ASSIGN_OR_RETURN(
        const Demonstration demonstration,
        task_.MakeDemonstration(context_.experiment.seed, order_[cursor_ % count_]));
    ++cursor_;
    TrainSequence sequence;
    HONE_ASSIGN_OR_RETURN(sequence.tokens, context_.tokenizer.Encode(demonstration.prompt, true));
    sequence.prompt_size = static_cast<int64_t>(sequence.tokens.size());
    HONE_ASSIGN_OR_RETURN(const std::vector<int32_t> completion,
                          context_.tokenizer.Encode(demonstration.completion, false));
    sequence.tokens.insert(sequence.tokens.end(), completion.begin(), completion.end());
    sequence.tokens.push_back(end_token_);
    const int64_t size = static_cast<int64_t>(sequence.tokens.size());
    if (size > context_.learner.config().max_position_embeddings) {
      return absl::InvalidArgumentError(
          absl::StrCat("a demonstration has ", size, " tokens and the model's context is ",
                       context_.learner.config().max_position_embeddings,
                       "; raise model.init.max_position_embeddings"));
    }
    return sequence;
  }

 private:
  void Shuffle(int64_t epoch) {
    epoch_ = epoch;
    order_.resize(count_);
    std::iota(order_.begin(), order_.end(), 0);
    Random random(context_.experiment.seed, kShuffleStream + epoch);
    for (int64_t i = count_ - 1; i > 0; --i) std::swap(order_[i], order_[random.Below(i + 1)]);
  }

  const StageContext& context_;
  const Task& task_;
  int64_t count_;
  int64_t cursor_;
  int32_t end_token_;
  int64_t epoch_ = -1;
  std::vector<int64_t> order_;
};

struct SftStep {
  double loss = 0;
  double grad_norm = 0;
  int64_t tokens = 0;
};

SftStep TrainStep(Learner& learner, const std::vector<TrainSequence>& sequences,
                  const OptimizerSpec& optimizer, double lr) {
  SftStep step;
  int64_t loss_tokens = 0;
  for (const TrainSequence& sequence : sequences) {
    loss_tokens += sequence.loss_tokens();
    step.tokens += static_cast<int64_t>(sequence.tokens.size());
  }
  const double weight = 1.0 / static_cast<double>(loss_tokens);
  learner.AccumulateGradient(
      sequences, /*temperature=*/1.0f,
      [&](int64_t, const TokenLogProbs& tokens, absl::Span<float> dlogprobs, absl::Span<float>) {
        for (const float logprob : tokens.logprobs) step.loss -= weight * logprob;
        std::fill(dlogprobs.begin(), dlogprobs.end(), static_cast<float>(-weight));
      });
  step.grad_norm = learner.Update(optimizer, lr);
  return step;
}

}  // namespace

Status RunSft(StageContext& context, const SftStage& stage) {
  TrainingState& position = context.position;
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task, MakeTask(stage.task));
  DemonstrationReader reader(context, *task, stage.demonstrations, position.data_cursor);
  context.progress.StartStage("sft", position.stage_step, stage.steps);

  while (position.stage_step < stage.steps) {
    HONE_RETURN_IF_ERROR(CheckStop(context));
    StepTimer timer;
    timer.Start("data");
    std::vector<TrainSequence> sequences;
    for (int64_t tokens = 0; tokens < stage.batch_tokens;) {
      HONE_ASSIGN_OR_RETURN(TrainSequence sequence, reader.Next());
      tokens += static_cast<int64_t>(sequence.tokens.size());
      sequences.push_back(std::move(sequence));
    }
    timer.Start("learn");
    const double lr = LearningRate(stage.optimizer, position.stage_step, stage.steps);
    const SftStep step = TrainStep(context.learner, sequences, stage.optimizer, lr);
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
    if (last || (stage.eval.every_steps > 0 && position.stage_step % stage.eval.every_steps == 0)) {
      timer.Start("eval");
      HONE_ASSIGN_OR_RETURN(const Heldout heldout,
                            MeasureHeldout(context, *task, stage.task, stage.eval, position.step));
      metrics.values.emplace_back("heldout_accuracy", heldout.accuracy);
    }
    timer.AppendTo(&metrics.values);
    HONE_RETURN_IF_ERROR(FinishStep(context, metrics, stage.steps, {}));
  }
  return absl::OkStatus();
}

}  // namespace hone
