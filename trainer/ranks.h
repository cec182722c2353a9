// The processes that are the trainer: one, or as many as resources.trainer.ranks says and MPI
// started.
#ifndef HONE_TRAINER_RANKS_H_
#define HONE_TRAINER_RANKS_H_

#include <atomic>
#include <memory>
#include <string>

#include "base/status.h"
#include "cluster/collectives.h"
#include "cluster/mpi_world.h"
#include "config/experiment.h"
#include "trainer/learner/learner.h"

namespace hone {

struct Ranks {
  std::unique_ptr<MpiWorld> mpi;  // null with one rank
  std::unique_ptr<Collectives> all, shards, replicas;
  std::unique_ptr<Collectives> weights;  // between GPUs; null on CPUs

  LearnerRanks learner() const { return {all.get(), shards.get(), replicas.get(), weights.get()}; }
  // What moves weights and gradients.
  const Collectives& carrier() const { return weights != nullptr ? *weights : *shards; }
};

// LibTorch's name of the GPU that this rank uses: the one of its number on this machine. Empty on
// the CPU.
std::string TorchDevice(const TrainerResources& resources);

// Joins the others. InvalidArgument when MPI started another number of ranks than the experiment
// asks for, or when there is no GPU for this one. `rank_lost` is not owned.
StatusOr<Ranks> JoinRanks(const TrainerResources& resources, const std::atomic<bool>& rank_lost);

// FailedPrecondition when not all ranks were started with the same experiment.
Status CheckRanksAgree(const Ranks& ranks, const std::string& experiment_hash);

}  // namespace hone

#endif  // HONE_TRAINER_RANKS_H_
