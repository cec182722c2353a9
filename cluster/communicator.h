// What carries the operations of a group of ranks between their devices: a seam with NCCL on one
// side (cluster/nccl_world.cc). One operation is under way at a time. Deadlines, names and who is
// to blame are the business of its user, cluster/device_group.h. Thread safety: one thread, but
// Now(): any.
#ifndef HONE_CLUSTER_COMMUNICATOR_H_
#define HONE_CLUSTER_COMMUNICATOR_H_

#include <cstdint>
#include <memory>

#include "base/status.h"

namespace hone {

// An operation of cluster/collectives.h: what is read, what is written, n of what it counts.
struct DeviceOperation {
  enum Kind { kAllGather, kReduceScatterAdd, kAllReduce, kBroadcast, kBarrier };
  Kind kind;
  const void* in = nullptr;
  void* out = nullptr;
  int64_t n = 0;
  int root = 0;
};

class Communicator {
 public:
  virtual ~Communicator() = default;

  // What the caller has given the device to do so far.
  using Moment = std::shared_ptr<void>;
  virtual Moment Now() = 0;

  // Begins an operation; its device does it after all that was given to it before the moment.
  virtual Status Start(const DeviceOperation& operation, const Moment& after) = 0;

  // Goes on with it, and says whether it is done; of a new communicator, whether it is joined. Does
  // not block. An error of the device, or one that came from another rank, ends it.
  virtual StatusOr<bool> Done() = 0;

  // Ends what is under way, after an error. Blocks for a bounded time.
  virtual void Abort() = 0;
};

}  // namespace hone

#endif  // HONE_CLUSTER_COMMUNICATOR_H_
