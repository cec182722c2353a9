// Collectives over the memory of devices, by a communicator such as NCCL's. It does not say who is
// late: so at the deadline of an operation, when a rank is known to be gone, or after an error of
// the communicator, this calls the roll over MPI (cluster/roll_call.h), names the ranks that have
// not arrived at the operation, and aborts the communicator.
//
// Operations run on a thread of their own, one after the other. An operation comes after what its
// caller gave to the device before its start; Wait() blocks the caller until the device is done.
// Thread safety: as cluster/collectives.h says.
#ifndef HONE_CLUSTER_DEVICE_GROUP_H_
#define HONE_CLUSTER_DEVICE_GROUP_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "cluster/collectives.h"
#include "cluster/communicator.h"
#include "cluster/mpi_world.h"
#include "cluster/operation_log.h"
#include "cluster/operation_thread.h"

namespace hone {

// The ranks of a group, and how long they wait for one another.
struct DeviceRanks {
  World world;              // of the group
  std::vector<int> ranks;   // of the MPI world, by rank of the group
  MpiWorld* mpi = nullptr;  // not owned; null: a world of one, without MPI
  MpiOptions waits;
};

class DeviceGroup : public Collectives {
 public:
  // Makes and joins the communicator, on the group's thread. Every rank of the group must call it.
  using MakeCommunicator = std::function<StatusOr<std::unique_ptr<Communicator>>()>;
  static StatusOr<std::unique_ptr<Collectives>> Join(std::string name, DeviceRanks ranks,
                                                     MakeCommunicator make);
  ~DeviceGroup() override;

  World world() const override { return ranks_.world; }
  Pending AllGather(absl::string_view what, const float* shard, int64_t n, float* full) override;
  Pending ReduceScatterAdd(absl::string_view what, const float* full, int64_t n,
                           float* sum) override;
  Pending AllReduce(absl::string_view what, double* values, int64_t n) override;
  Pending Broadcast(absl::string_view what, char* bytes, int64_t n, int root) override;
  Pending Barrier(absl::string_view what) override;
  CollectiveStats stats() const override { return log_.stats(); }

 private:
  DeviceGroup(std::string name, DeviceRanks ranks);

  Pending Start(absl::string_view kind, absl::string_view what, const DeviceOperation& operation,
                int64_t bytes_sent);
  // On the thread; blocks until the communicator is done, or fails.
  Status Finish(const std::string& operation);
  Status Fail(const std::string& operation, const Status& why, absl::string_view within);

  const DeviceRanks ranks_;
  std::vector<int> others_;  // of the MPI world
  OperationLog log_;
  std::unique_ptr<Communicator> communicator_;
  OperationThread thread_;  // last: it uses all of the above
};

}  // namespace hone

#endif  // HONE_CLUSTER_DEVICE_GROUP_H_
