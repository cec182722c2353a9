// The processes that are the trainer: one, or as many as resources.trainer.ranks says and MPI
// started.
#ifndef HONE_TRAINER_RANKS_H_
#define HONE_TRAINER_RANKS_H_

#include <atomic>
#include <memory>

#include "base/status.h"
#include "cluster/collectives.h"
#include "cluster/mpi_world.h"
#include "config/experiment.h"
#include "trainer/learner/learner.h"

namespace hone {

struct Ranks {
  std::unique_ptr<MpiWorld> mpi;  // null with one rank
  std::unique_ptr<Collectives> all, shards, replicas;

  LearnerRanks learner() const { return {all.get(), shards.get(), replicas.get()}; }
};

// Joins the others. InvalidArgument when MPI started another number of ranks than the experiment
// asks for. `rank_lost` is not owned.
StatusOr<Ranks> JoinRanks(const TrainerResources& resources, const std::atomic<bool>& rank_lost);

// FailedPrecondition when not all ranks were started with the same experiment.
Status CheckRanksAgree(const Ranks& ranks, const std::string& experiment_hash);

}  // namespace hone

#endif  // HONE_TRAINER_RANKS_H_
