// What every stage of a run works with, and the steps they share.
#ifndef HONE_TRAINER_STAGE_H_
#define HONE_TRAINER_STAGE_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/status.h"
#include "config/experiment.h"
#include "data/answer_check.h"
#include "data/ledger.h"
#include "data/records.h"
#include "data/run_folder.h"
#include "data/task.h"
#include "model/folder_origin.h"
#include "model/tokenizer/tokenizer.h"
#include "trainer/background_save.h"
#include "trainer/checkpoint.h"
#include "trainer/coordinator/coordinator.h"
#include "trainer/learner_group.h"
#include "trainer/progress.h"

namespace hone {

// The parts of a trainer, owned by RunTrainer.
struct StageContext {
  const Experiment& experiment;
  std::string experiment_hash;
  const RunFolder& folder;
  const Tokenizer& tokenizer;
  const FolderOrigin* origin;  // null for a model that was made here
  LearnerGroup& learners;
  BackgroundSave& save;
  int num_shards;  // of a checkpoint
  Coordinator& coordinator;
  Ledger& ledger;
  MetricsWriter& metrics;
  Progress& progress;
  const std::atomic<bool>& stop;
  const AnswerCheckMaker& make_answer_check;
  TrainingState position;
  CoordinatorStats::Worker effort = {};  // of all workers, since the last step's metrics
};

// Seconds since the step began, and the parts of it by name.
class StepTimer {
 public:
  StepTimer();
  // Ends the part that runs now (if any) and starts `name`; "" ends only.
  void Start(const std::string& name);
  // Appends seconds and one NAME_seconds for each part.
  void AppendTo(std::vector<std::pair<std::string, double>>* values);
  double seconds() const;

 private:
  double begin_, part_begin_;
  std::string part_;
  std::vector<std::pair<std::string, double>> parts_;
};

// Makes the learner's weights the version that workers sample from.
Status PublishWeights(StageContext& context);

// The task of the stage in work, with prompts made for the run's model and answers checked. Says
// what is left out of data.
StatusOr<std::unique_ptr<Task>> MakeStageTask(StageContext& context);

// A problem as a prompt; `id` names the draw.
StatusOr<Prompt> MakePrompt(const Tokenizer& tokenizer, Problem problem, uint64_t id);

// Text of a completion, its stop token left out.
std::string CompletionText(const Tokenizer& tokenizer, absl::Span<const int32_t> tokens);

// Generates, scores and accounts for groups for the prompts with the published weights.
struct SampleRequest {
  std::vector<Prompt> prompts;
  int num_samples = 1;
  SamplingParams sampling;
  bool follow_weights = false;  // as in GenerateJob
  std::vector<RewardSpec> reward;
};
// Samples on their way. `step` is the step in work that will use them: no checkpoint covers it yet.
struct Sampling {
  JobId job = 0;
  int64_t step = 0;
  uint64_t issued_version = 0;
};
StatusOr<Sampling> StartSampling(StageContext& context, const SampleRequest& request, int64_t step);
StatusOr<std::vector<Group>> FinishSampling(StageContext& context, const Sampling& sampling,
                                            const std::string& split);

// Parts of the above. Has prompts sampled that were checked and are on the account.
StatusOr<JobId> EnqueueRequest(StageContext& context, const SampleRequest& request);
// Shows how far the samples are, and ends the wait when the run was asked to stop.
Coordinator::OnProgress ShowSamples(StageContext& context, const std::string& split);
// Puts what leases and workers did since the last time on the step's account.
Status CountWork(StageContext& context, int64_t step);

// Writes the step's samples of that split to rollouts/, all of them in one go.
Status StoreRollouts(const StageContext& context, absl::Span<const Group* const> groups,
                     const std::string& split);

// Held-out accuracy by the task's own reward: the mean over spec.problems (or as many as there are)
// × spec.samples at temperature 1. Nothing is sampled when the same weights were measured by the
// same spec before.
struct Heldout {
  double accuracy = 0;
  bool known = false;  // nothing was sampled
};
StatusOr<Heldout> MeasureHeldout(StageContext& context, const Task& task, const SourceSpec& source,
                                 const EvalSpec& spec, int64_t step);

// Completes the step's metrics by those of the workers, writes and shows them, and starts to save a
// checkpoint when one is due. Returns the error of the save before.
Status FinishStep(StageContext& context, StepMetrics metrics, int64_t stage_steps);

// Cancelled when the run was asked to stop.
Status CheckStop(const StageContext& context);

// Identifiers of draws: the stage in the upper bits, so that no two draws of a run meet.
uint64_t PromptId(int stage, bool heldout, int64_t index);

}  // namespace hone

#endif  // HONE_TRAINER_STAGE_H_
