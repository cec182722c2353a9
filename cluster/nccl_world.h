// Collectives between GPUs by NCCL, on a stream of its own for each group; in the CUDA build only.
// MPI brings the ranks together and carries the communicator's id.
//
// The memory of every operation is the GPU's, or the host's where the GPU can reach it (pinned). An
// operation comes after everything that was given to the default stream before its start, and is
// over when Wait() returns. Sums are made here, of what NCCL moves, so that they keep the order of
// the ranks: the same bits as over MPI.
#ifndef HONE_CLUSTER_NCCL_WORLD_H_
#define HONE_CLUSTER_NCCL_WORLD_H_

#include <memory>
#include <string>

#include "base/status.h"
#include "cluster/collectives.h"
#include "cluster/mpi_world.h"

namespace hone {

// That CUDA can use; none without a driver.
int NumGpus();

// The ranks of `members`, a group over MPI, as a group over their GPUs, of which this rank uses
// number `device`; two ranks cannot share one. Every one of them must call it. `mpi` is not owned,
// and null with a SingleRank. Blocks until all are there; errors name the ranks that are not.
StatusOr<std::unique_ptr<Collectives>> JoinNccl(const std::string& name, MpiWorld* mpi,
                                                Collectives* members, int device,
                                                const MpiOptions& waits);

}  // namespace hone

#endif  // HONE_CLUSTER_NCCL_WORLD_H_
