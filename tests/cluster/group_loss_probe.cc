// A rank of several, of which one is lost: started by mpirun from group_loss_test.py.
//
// usage: group_loss_probe KIND RANK SIGNAL FOLDER: rank RANK sends itself SIGNAL in the third
// round.
//   devices  a round is an all-gather of a device group, whose ranks meet in FOLDER
//   nccl     the same by NCCL, a GPU for each rank; in the CUDA build only
//   between  a round is a barrier of ranks 0 and 1, and then one of all ranks: the two are an
//            operation behind the others when one of them is lost in theirs
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cluster/device_group.h"
#include "cluster/mpi_world.h"
#include "tests/cluster/file_communicator.h"
#ifdef HONE_CUDA
#include <cuda_runtime.h>

#include "cluster/nccl_world.h"
#endif

namespace hone {
namespace {

constexpr double kTimeoutSeconds = 3;
std::atomic<bool> rank_lost{false};

// Where this rank is to be lost.
struct Plan {
  int signal = 0;  // 0: it is another

  void At(int round) const {
    if (round == 2 && signal != 0) kill(getpid(), signal);
  }
};

Status Gather(Collectives* group, float* full, const Plan& plan) {
  for (int round = 0;; ++round) {
    plan.At(round);
    const float* shard = full + group->world().rank;
    HONE_RETURN_IF_ERROR(group->AllGather(absl::StrCat("round ", round), shard, 1, full).Wait());
  }
}

Status OnDevices(MpiWorld* mpi, const std::string& folder, const Plan& plan) {
  DeviceRanks ranks;
  ranks.world = mpi->world();
  ranks.ranks.resize(ranks.world.size);
  std::iota(ranks.ranks.begin(), ranks.ranks.end(), 0);
  ranks.mpi = mpi;
  ranks.waits = mpi->options();
  FileCommunicator::Outside outside;
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Collectives> group,
                        DeviceGroup::Join("the devices", ranks, [&] {
                          return std::make_unique<FileCommunicator>(folder, ranks.world, &outside);
                        }));
  std::vector<float> full(ranks.world.size);
  return Gather(group.get(), full.data(), plan);
}

Status OverNccl(MpiWorld* mpi, const Plan& plan) {
#ifdef HONE_CUDA
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Collectives> all, mpi->Split(0, "all ranks"));
  const int rank = all->world().rank;
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Collectives> group,
                        JoinNccl("the GPUs", mpi, all.get(), rank, mpi->options()));
  float* full = nullptr;
  if (cudaSetDevice(rank) != cudaSuccess ||
      cudaMalloc(&full, mpi->world().size * sizeof(float)) != cudaSuccess)
    return absl::ResourceExhaustedError("no memory on the GPU");
  return Gather(group.get(), full, plan);
#else
  return absl::UnimplementedError("NCCL is in the CUDA build only");
#endif
}

Status Between(MpiWorld* mpi, const Plan& plan) {
  const int rank = mpi->world().rank;
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Collectives> pair,
                        mpi->Split(rank < 2 ? 0 : 1, rank < 2 ? "the pair" : "the others"));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Collectives> all, mpi->Split(0, "all ranks"));
  for (int round = 0;; ++round) {
    plan.At(round);
    if (rank < 2) HONE_RETURN_IF_ERROR(pair->Barrier(absl::StrCat("round ", round)).Wait());
    HONE_RETURN_IF_ERROR(all->Barrier(absl::StrCat("round ", round)).Wait());
  }
}

int Run(const std::string& kind, int rank, int signal, const char* folder) {
  struct sigaction action = {};
  action.sa_handler = [](int) { rank_lost.store(true); };
  sigaction(SIGTERM, &action, nullptr);
  auto mpi = MpiWorld::Start({.timeout_seconds = kTimeoutSeconds, .rank_lost = &rank_lost});
  if (!mpi.ok()) {
    std::fprintf(stderr, "%s\n", mpi.status().ToString().c_str());
    return 1;
  }
  const int own = (*mpi)->world().rank;
  const Plan plan = {own == rank ? signal : 0};
  const Status status = kind == "devices" ? OnDevices(mpi->get(), folder, plan)
                        : kind == "nccl"  ? OverNccl(mpi->get(), plan)
                                          : Between(mpi->get(), plan);
  std::fprintf(stderr, "rank %d: %s\n", own, std::string(status.message()).c_str());
  (*mpi)->Abandon();
  return 1;
}

}  // namespace
}  // namespace hone

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  return hone::Run(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), argv[4]);
}
