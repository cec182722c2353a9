#include "trainer/run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/log.h"
#include "cluster/rpc.h"
#include "cluster/weights_publisher.h"
#include "config/load.h"
#include "kernels/parallel.h"
#include "trainer/background_save.h"
#include "trainer/checkpoint.h"
#include "trainer/grpo.h"
#include "trainer/learner_group.h"
#include "trainer/learner_rank.h"
#include "trainer/ranks.h"
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

Status RunStages(StageContext& context) {
  const auto& stages = context.experiment.stages;
  TrainingState& position = context.position;
  while (position.stage < static_cast<int>(stages.size())) {
    const Stage& stage = stages[position.stage];
    if (position.stage_step < stage.steps()) HONE_RETURN_IF_ERROR(RunStage(context, stage));
    ++position.stage;
    position.stage_step = 0;
    position.data_cursor = 0;
    // Each stage has its own optimiser and its own reference policy.
    context.learners.ResetOptimizer();
    context.learners.DropReference();
  }
  return absl::OkStatus();
}

// The threads of this rank: its share of the cores, unless the experiment says.
void SetRankThreads(const TrainerResources& resources) {
  SetNumThreads(resources.threads);
  if (resources.threads == 0) SetNumThreads(std::max(1, NumThreads() / NumLocalRanks()));
}

struct Trainer {
  const Experiment& experiment;
  const RunFolder& folder;
  const std::string hash;
  const std::atomic<bool>& stop;
  const std::atomic<bool>& rank_lost;
  const Ranks& ranks;
  const StartingModel& model;
  WeightsPublisher& publisher;
  const TrainerHost& host;
  const AnswerCheckMaker& make_answer_check;
};

// What every rank has: its part of the policy, from the starting model or from a checkpoint (empty:
// none).
StatusOr<std::unique_ptr<LearnerRank>> MakeLearnerRank(const Trainer& trainer,
                                                       const std::string& checkpoint) {
  auto rank =
      std::make_unique<LearnerRank>(trainer.experiment, trainer.model.config, trainer.model.read,
                                    trainer.ranks.learner(), trainer.publisher);
  if (!checkpoint.empty()) HONE_RETURN_IF_ERROR(rank->Restore(checkpoint));
  return rank;
}

// Ranks above 0.
Status Follow(const Trainer& trainer) {
  std::string checkpoint;
  HONE_RETURN_IF_ERROR(BroadcastText(trainer.ranks.all.get(), "checkpoint", 0, &checkpoint));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<LearnerRank> own,
                        MakeLearnerRank(trainer, checkpoint));
  return FollowRankZero(own.get(), trainer.ranks.all.get());
}

// Rank 0: coordinator, stages, and everything that is written.
Status Lead(const Trainer& trainer, Progress* progress) {
  const auto& [experiment, folder, hash, stop, rank_lost, ranks, model, publisher, host,
               make_check] = trainer;
  HONE_ASSIGN_OR_RETURN(std::optional<FoundCheckpoint> found, FindCheckpoint(folder, hash));
  const TrainingState position = found ? found->state : TrainingState();
  std::string checkpoint = found ? found->path : "";
  HONE_RETURN_IF_ERROR(BroadcastText(ranks.all.get(), "checkpoint", 0, &checkpoint));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<LearnerRank> own,
                        MakeLearnerRank(trainer, checkpoint));

  // Whatever was written after the checkpoint will be done and written again.
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, Ledger::Open(folder.ledger(), hash));
  HONE_RETURN_IF_ERROR(ledger->RollBack(position.step));
  HONE_RETURN_IF_ERROR(DropRolloutsAfter(folder, position.step));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<MetricsWriter> metrics,
                        MetricsWriter::Open(folder, found ? position.step : -1));

  CoordinatorOptions options;
  options.listen_address = absl::StrCat(host.listen, ":", experiment.resources.trainer.port);
  options.run_id = hash;
  options.experiment_hash = hash;
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Coordinator> coordinator,
                        Coordinator::Start(options));
  HONE_RETURN_IF_ERROR(
      WriteFileAtomically(folder.coordinator_address(),
                          AdvertisedAddress(coordinator->address(), host.advertise) + "\n"));
  if (found) {
    progress->Say(absl::StrFormat("going on after step %d (%s)", position.step, found->path));
  }

  LearnerGroup learners(own.get(), ranks.all.get(),
                        experiment.resources.trainer.timeout_seconds / 4, rank_lost,
                        [&](const Status& status) {
                          LogError(absl::StrCat("a rank is lost: ", status.message()));
                          coordinator->Cancel();
                        });
  BackgroundSave save;
  StageContext context{experiment,
                       hash,
                       folder,
                       model.tokenizer,
                       model.origin ? &*model.origin : nullptr,
                       learners,
                       save,
                       ranks.shards->world().size,
                       *coordinator,
                       *ledger,
                       *metrics,
                       *progress,
                       stop,
                       make_check,
                       position};
  Status status = CatchTorch([&] { return RunStages(context); });
  if (const Status saved = save.Finish(); status.ok()) status = saved;
  // A rank that failed alone leaves the others in the middle of an operation: they are not told. A
  // wait that was cancelled because a rank is lost ends with what is wrong with the ranks.
  if (status.ok() || absl::IsCancelled(status)) {
    const Status ended = learners.End();
    if (!ended.ok()) status = ended;
  }
  if (stop) return absl::CancelledError("asked to stop");
  HONE_RETURN_IF_ERROR(status);
  HONE_RETURN_IF_ERROR(ledger->CheckBalance());
  coordinator->Finish();
  return absl::OkStatus();
}

}  // namespace

Status RunTrainer(const Experiment& experiment, const RunFolder& folder, const TrainerHost& host,
                  Progress* progress, const std::atomic<bool>& stop,
                  const std::atomic<bool>& rank_lost, const AnswerCheckMaker& make_answer_check) {
  HONE_ASSIGN_OR_RETURN(Ranks ranks, JoinRanks(experiment.resources.trainer, rank_lost));
  const std::string hash = ExperimentHash(experiment);
  const Status status = CatchTorch([&]() -> Status {
    SetRankThreads(experiment.resources.trainer);
    HONE_RETURN_IF_ERROR(CheckRanksAgree(ranks, hash));
    HONE_ASSIGN_OR_RETURN(const StartingModel model, MakeStartingModel(experiment));
    HONE_ASSIGN_OR_RETURN(const std::unique_ptr<WeightsPublisher> publisher,
                          WeightsPublisher::Start(host.listen + ":0", host.advertise));
    const Trainer trainer{experiment, folder, hash,       stop, rank_lost,
                          ranks,      model,  *publisher, host, make_answer_check};
    return ranks.all->world().rank == 0 ? Lead(trainer, progress) : Follow(trainer);
  });
  if (ranks.mpi && !status.ok() && !absl::IsCancelled(status)) ranks.mpi->Abandon();
  return status;
}

}  // namespace hone
