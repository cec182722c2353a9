#include "trainer/grpo.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "config/term_names.h"
#include "trainer/algorithm/loss.h"
#include "trainer/batch.h"
#include "trainer/group_source.h"
#include "trainer/rollout_gap.h"
#include "trainer/sample_metrics.h"
#include "trainer/schedule.h"
#include "trainer/verifier_failures.h"
#include "trainer/version_lag.h"

namespace hone {
namespace {

// Figures of one step's updates.
struct UpdateResult {
  LossTerms terms;
  RolloutGap gap;        // before the first update
  double grad_norm = 0;  // mean over the minibatches
  double lr = 0;
  int64_t trained_tokens = 0;  // prompts included
};

class GrpoLoop {
 public:
  GrpoLoop(StageContext& context, const GrpoStage& stage, const Task& task)
      : context_(context), stage_(stage), task_(task), source_(context, stage, task) {}

  // The loop of the paper: sample groups, judge them, update, publish.
  Status Run() {
    TrainingState& position = context_.position;
    // The reference policy is the stage's starting point, or what replaced it.
    if (has_reference()) context_.learners.StartReference();
    HONE_RETURN_IF_ERROR(PublishWeights(context_));
    while (position.stage_step < stage_.steps) {
      HONE_RETURN_IF_ERROR(CheckStop(context_));
      StepTimer timer;
      timer.Start("rollout");
      HONE_RETURN_IF_ERROR(source_.EnqueueAhead());
      ++position.step;
      HONE_ASSIGN_OR_RETURN(const StepGroups groups, source_.Next());
      HONE_RETURN_IF_ERROR(
          CheckVerifierFailures(groups.All(), stage_.max_verifier_failures, position.step));
      timer.Start("learn");
      context_.progress.Phase("learning");
      HONE_ASSIGN_OR_RETURN(const UpdateResult update, UpdatePolicy(groups.train));
      timer.Start("publish");
      ++position.stage_step;
      ++position.policy_version;
      HONE_RETURN_IF_ERROR(PublishWeights(context_));
      MaybeReplaceReference();
      StepMetrics metrics{position.step, "grpo", position.policy_version, {}};
      metrics.values = Describe(groups, update);
      HONE_RETURN_IF_ERROR(MaybeMeasure(&timer, &metrics));
      timer.AppendTo(&metrics.values);
      HONE_RETURN_IF_ERROR(FinishStep(context_, metrics, stage_.steps));
    }
    return absl::OkStatus();
  }

 private:
  // Every reference_every_steps steps the policy itself becomes the reference.
  void MaybeReplaceReference() {
    const int every = stage_.algorithm.reference_every_steps;
    if (every > 0 && context_.position.stage_step % every == 0) {
      context_.learners.ReplaceReference();
    }
  }

  // Advantages over the whole step, then one update for each minibatch of groups.
  StatusOr<UpdateResult> UpdatePolicy(const std::vector<Group>& groups) {
    UpdateResult result;
    TrainBatch step = MakeStepBatch(stage_.algorithm, groups, stage_.sampling.max_tokens);
    AddLogProbs(&step);
    SetAdvantages(stage_.algorithm, &step);
    const int64_t count = static_cast<int64_t>(groups.size());
    for (int m = 0; m < stage_.minibatches; ++m) {
      const int64_t begin = count * m / stage_.minibatches;
      const int64_t end = count * (m + 1) / stage_.minibatches;
      const int64_t update = context_.position.stage_step * stage_.minibatches + m;
      result.lr =
          LearningRate(stage_.optimizer, update, int64_t{stage_.steps} * stage_.minibatches);
      HONE_RETURN_IF_ERROR(
          UpdateOnce(MakeMinibatch(stage_.algorithm, step, begin, end, stage_.sampling.max_tokens),
                     m == 0, &result));
    }
    result.grad_norm /= stage_.minibatches;
    return result;
  }

  // The log-probs of other policies that the algorithm asks for. Those of the learner before the
  // update are the rollout's own, to the bit, unless the samples are of an older version; so a pass
  // for them is made only where samples may be old and their weights are to be corrected.
  void AddLogProbs(TrainBatch* step) {
    LearnerGroup& learners = context_.learners;
    const auto only_logprobs = [](std::vector<TokenLogProbs> tokens) {
      std::vector<std::vector<float>> logprobs;
      for (TokenLogProbs& sequence : tokens) logprobs.push_back(std::move(sequence.logprobs));
      return logprobs;
    };
    if (has_reference()) {
      step->ref_logprobs =
          only_logprobs(learners.ReferenceLogProbs(step->sequences, temperature()));
    }
    if (stage_.algorithm.correction != "none" && stage_.max_staleness > 0) {
      step->old_logprobs = only_logprobs(learners.LogProbs(step->sequences, temperature()));
    }
  }

  bool has_reference() const { return stage_.algorithm.kl_coefficient != 0; }
  float temperature() const { return static_cast<float>(stage_.sampling.temperature); }

  Status UpdateOnce(TrainBatch batch, bool first, UpdateResult* result) {
    // Nothing to learn from: no gradient, and no step that would only move the moments.
    if (batch.sequences.empty()) return absl::OkStatus();
    for (const TrainSequence& sequence : batch.sequences) {
      result->trained_tokens += std::ssize(sequence.tokens);
    }
    const int stage = context_.position.stage;
    const std::vector<uint64_t> oldest_versions = batch.oldest_versions;
    const std::vector<SequenceTerms> sequences =
        context_.learners.PolicyGradient(stage, std::move(batch), temperature());
    for (size_t i = 0; i < sequences.size(); ++i) {
      result->terms += sequences[i].terms;
      if (!first) continue;
      result->gap.Add(sequences[i].gap, oldest_versions[i] == context_.position.policy_version);
    }
    HONE_RETURN_IF_ERROR(result->gap.Check(stage_.max_rollout_learner_gap, context_.position.step));
    result->grad_norm += context_.learners.Update(stage, result->lr);
    return absl::OkStatus();
  }

  std::vector<std::pair<std::string, double>> Describe(const StepGroups& groups,
                                                       const UpdateResult& update) const {
    // All that was sampled speaks of the policy, trained on or not.
    const std::vector<const Group*> all = groups.All();
    std::vector<std::pair<std::string, double>> values =
        DescribeSamples(all, TermNames(stage_.reward));
    const VersionLag lag = MeasureVersionLag(all, context_.position.policy_version - 1);
    const double tokens = std::max<double>(1, static_cast<double>(update.terms.tokens));
    const std::pair<std::string, double> figures[] = {
        {"entropy", update.terms.entropy / tokens},
        {"kl", update.terms.kl / tokens},
        {"clip_fraction", update.terms.clipped / tokens},
        {"loss", update.terms.loss},
        {"rollout_learner_gap", update.gap.largest()},
        {"grad_norm", update.grad_norm},
        {"lr", update.lr},
        {"trained_tokens", static_cast<double>(update.trained_tokens)},
        {"staleness", static_cast<double>(lag.max)}};
    values.insert(values.end(), std::begin(figures), std::end(figures));
    if (stage_.algorithm.dynamic_sampling) {
      values.emplace_back("sampling_rounds", groups.rounds);
      values.emplace_back("groups_dropped", static_cast<double>(groups.dropped.size()));
    }
    if (stage_.partial_rollouts > 0) {
      values.emplace_back("staleness_mean", lag.mean);
      values.emplace_back("carried_samples", static_cast<double>(lag.old_samples));
      values.emplace_back("carried_tokens", static_cast<double>(lag.old_tokens));
    }
    if (stage_.algorithm.correction != "none") {
      values.emplace_back("correction", update.terms.correction / tokens);
    }
    return values;
  }

  Status MaybeMeasure(StepTimer* timer, StepMetrics* metrics) {
    const int64_t step = context_.position.stage_step;
    const int every = stage_.eval.every_steps;
    if (step != stage_.steps && (every == 0 || step % every != 0)) return absl::OkStatus();
    if (stage_.eval.problems == 0) return absl::OkStatus();
    timer->Start("eval");
    HONE_ASSIGN_OR_RETURN(
        const Heldout heldout,
        MeasureHeldout(context_, task_, stage_.source, stage_.eval, context_.position.step));
    metrics->values.emplace_back("heldout_accuracy", heldout.accuracy);
    return absl::OkStatus();
  }

  StageContext& context_;
  const GrpoStage& stage_;
  const Task& task_;
  GroupSource source_;
};

// The accuracy that the stage starts from, unless the stage before ended with the same measurement.
Status MeasureStart(StageContext& context, const GrpoStage& stage, const Task& task) {
  const TrainingState& position = context.position;
  StepTimer timer;
  timer.Start("eval");
  // Not covered by the checkpoint of the step before, so it belongs to the next one's account.
  HONE_ASSIGN_OR_RETURN(const Heldout heldout,
                        MeasureHeldout(context, task, stage.source, stage.eval, position.step + 1));
  context.progress.Say(
      absl::StrFormat("held-out accuracy before grpo: %.1f%%", 100 * heldout.accuracy));
  if (heldout.known) return absl::OkStatus();
  StepMetrics metrics{
      position.step, "grpo", position.policy_version, {{"heldout_accuracy", heldout.accuracy}}};
  timer.AppendTo(&metrics.values);
  return context.metrics.Write(metrics);
}

}  // namespace

Status RunGrpo(StageContext& context, const GrpoStage& stage) {
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task, MakeStageTask(context));
  context.progress.StartStage("grpo", context.position.stage_step, stage.steps);
  if (context.position.stage_step == 0 && stage.eval.problems > 0) {
    HONE_RETURN_IF_ERROR(MeasureStart(context, stage, *task));
  }
  return GrpoLoop(context, stage, *task).Run();
}

}  // namespace hone
