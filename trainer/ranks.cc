#include "trainer/ranks.h"

#include <signal.h>
#include <sys/prctl.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#ifdef HONE_CUDA
#include "cluster/nccl_world.h"
#endif

namespace hone {

namespace {

Status CheckDevice(const TrainerResources& resources) {
  if (resources.device != "cuda") return absl::OkStatus();
#ifdef HONE_CUDA
  if (LocalRank() < NumGpus()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("resources.trainer.device is cuda: rank ", StartedRank(), " wants GPU ",
                   LocalRank(), " of this machine, which has ", NumGpus(), " that can be used"));
#else
  return absl::InvalidArgumentError(
      "resources.trainer.device is cuda, but this program was built without CUDA; build it with "
      "./dev build --cuda");
#endif
}

}  // namespace

std::string TorchDevice(const TrainerResources& resources) {
  return resources.device == "cuda" ? absl::StrCat("cuda:", LocalRank()) : "";
}

StatusOr<Ranks> JoinRanks(const TrainerResources& resources, const std::atomic<bool>& rank_lost) {
  HONE_RETURN_IF_ERROR(CheckDevice(resources));
  const int started = NumStartedRanks();
  if (started != resources.ranks) {
    return absl::InvalidArgumentError(absl::StrCat(
        "resources.trainer.ranks is ", resources.ranks, ", but ", started,
        started == 1 ? " process was" : " processes were", " started; `mpirun -np ",
        resources.ranks, " hone trainer …` starts them (`hone run` does so by itself)"));
  }
  Ranks ranks;
  if (started == 1) {
    ranks.all = std::make_unique<SingleRank>();
    ranks.shards = std::make_unique<SingleRank>();
    ranks.replicas = std::make_unique<SingleRank>();
    return ranks;
  }
  // Should mpirun be killed, nobody else would end this process.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  MpiOptions options;
  options.timeout_seconds = resources.timeout_seconds;
  options.rank_lost = &rank_lost;
  HONE_ASSIGN_OR_RETURN(ranks.mpi, MpiWorld::Start(options));
  const int rank = ranks.mpi->world().rank;
  const int shard_ranks = resources.shard_ranks > 0 ? resources.shard_ranks : started;
  HONE_ASSIGN_OR_RETURN(ranks.all, ranks.mpi->Split(0, "all ranks"));
  HONE_ASSIGN_OR_RETURN(ranks.shards, ranks.mpi->Split(rank / shard_ranks, "the shards"));
  HONE_ASSIGN_OR_RETURN(ranks.replicas, ranks.mpi->Split(rank % shard_ranks, "the replicas"));
#ifdef HONE_CUDA
  if (resources.device == "cuda") {
    HONE_ASSIGN_OR_RETURN(ranks.weights, JoinNccl("the shards' GPUs", ranks.mpi.get(),
                                                  ranks.shards.get(), LocalRank(), options));
  }
#endif
  return ranks;
}

Status CheckRanksAgree(const Ranks& ranks, const std::string& experiment_hash) {
  HONE_ASSIGN_OR_RETURN(const std::vector<std::string> hashes,
                        AllGatherTexts(ranks.all.get(), "experiment", experiment_hash));
  for (size_t rank = 0; rank < hashes.size(); ++rank) {
    if (hashes[rank] == experiment_hash) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("rank ", rank, " was started with another experiment"));
  }
  return absl::OkStatus();
}

}  // namespace hone
