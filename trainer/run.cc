#include "trainer/run.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/log.h"
#include "cluster/collectives.h"
#include "cluster/weights_publisher.h"
#include "config/load.h"
#include "kernels/parallel.h"
#include "trainer/checkpoint.h"
#include "trainer/grpo.h"
#include "trainer/sft.h"
#include "trainer/stage.h"
#include "trainer/starting_model.h"
#include "trainer/torch_guard.h"

namespace hone {
namespace {

Status RunStage(StageContext& context, const Stage& stage) {
  if (stage.sft) return RunSft(context, *stage.sft);
  return RunGrpo(context, *stage.grpo);
}

// How many steps a stage has.
int64_t StageSteps(const Stage& stage) { return stage.sft ? stage.sft->steps : stage.grpo->steps; }

Status RunStages(StageContext& context) {
  const auto& stages = context.experiment.stages;
  TrainingState& position = context.position;
  while (position.stage < static_cast<int>(stages.size())) {
    const Stage& stage = stages[position.stage];
    if (position.stage_step < StageSteps(stage)) HONE_RETURN_IF_ERROR(RunStage(context, stage));
    ++position.stage;
    position.stage_step = 0;
    position.data_cursor = 0;
    position.reference.clear();
    // Each stage has its own optimiser.
    context.learner.ResetOptimizer();
  }
  return absl::OkStatus();
}

}  // namespace

Status CheckSupported(const Experiment& experiment) {
  const int ranks = experiment.resources.trainer.ranks;
  if (ranks == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("resources.trainer.ranks is ", ranks,
                   ": this version of hone trains on a single rank; --dry-run says what each of "
                   "the ranks would need"));
}

Status RunTrainer(const Experiment& experiment, const RunFolder& folder, Progress* progress,
                  const std::atomic<bool>& stop) {
  HONE_RETURN_IF_ERROR(CheckSupported(experiment));
  SetNumThreads(experiment.resources.trainer.threads);
  const std::string hash = ExperimentHash(experiment);
  HONE_ASSIGN_OR_RETURN(StartingModel model, MakeStartingModel(experiment));
  HONE_ASSIGN_OR_RETURN(std::optional<FoundCheckpoint> found, FindCheckpoint(folder, hash));
  TrainingState position = found ? std::move(found->state) : TrainingState();

  // Whatever was written after the checkpoint will be done and written again.
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, Ledger::Open(folder.ledger(), hash));
  HONE_RETURN_IF_ERROR(ledger->RollBack(position.step));
  HONE_RETURN_IF_ERROR(DropRolloutsAfter(folder, position.step));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<MetricsWriter> metrics,
                        MetricsWriter::Open(folder, found ? position.step : -1));

  CoordinatorOptions options;
  options.listen_address = absl::StrCat("127.0.0.1:", experiment.resources.trainer.port);
  options.run_id = hash;
  options.experiment_hash = hash;
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Coordinator> coordinator,
                        Coordinator::Start(options));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<WeightsPublisher> publisher,
                        WeightsPublisher::Start("127.0.0.1:0"));
  HONE_RETURN_IF_ERROR(
      WriteFileAtomically(folder.coordinator_address(), coordinator->address() + "\n"));

  const Status status = CatchTorch([&]() -> Status {
    SingleRank collectives;
    const TrainerResources& resources = experiment.resources.trainer;
    Learner learner(model.weights, {resources.micro_batch_tokens, resources.recompute},
                    &collectives);
    if (found) learner.RestoreShard(position.learner);
    const int64_t resumed_at = position.step;
    const FolderOrigin* origin = model.origin ? &*model.origin : nullptr;
    StageContext context{
        experiment,         hash,       folder,  model.tokenizer, origin,    learner,
        *coordinator,       *publisher, *ledger, *metrics,        *progress, stop,
        std::move(position)};
    if (found) {
      progress->Say(absl::StrFormat("going on after step %d (%s)", resumed_at, found->path));
    }
    return RunStages(context);
  });
  if (stop) return absl::CancelledError("asked to stop");
  HONE_RETURN_IF_ERROR(status);
  HONE_RETURN_IF_ERROR(ledger->CheckBalance());
  coordinator->Finish();
  return absl::OkStatus();
}

}  // namespace hone
