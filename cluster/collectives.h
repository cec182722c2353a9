// What the ranks of a sharded learner say to one another. One small interface; this file has the
// single rank, for which every operation is the identity.
// Every rank calls the same operations in the same order. Sums are in fp32 (AllReduce: double), in
// rank order, so they have the same bits every time.
#ifndef HONE_CLUSTER_COLLECTIVES_H_
#define HONE_CLUSTER_COLLECTIVES_H_

#include <cstdint>

#include "base/status.h"

namespace hone {

struct World {
  int rank = 0;
  int size = 1;
};

class Collectives {
 public:
  virtual ~Collectives() = default;
  virtual World world() const = 0;

  // full [size·n] = the shards [n] of all ranks, in rank order. `shard` may lie inside `full`, at
  // its own place.
  virtual Status AllGather(const float* shard, int64_t n, float* full) = 0;

  // shard [n] = this rank's part of the sum over ranks of full [size·n]; may lie inside `full`.
  virtual Status ReduceScatter(const float* full, int64_t n, float* shard) = 0;

  // values [n] = their sums over ranks.
  virtual Status AllReduce(double* values, int64_t n) = 0;

  virtual Status Barrier() = 0;
};

// A world of one.
class SingleRank : public Collectives {
 public:
  World world() const override { return {}; }
  Status AllGather(const float* shard, int64_t n, float* full) override;
  Status ReduceScatter(const float* full, int64_t n, float* shard) override;
  Status AllReduce(double*, int64_t) override { return absl::OkStatus(); }
  Status Barrier() override { return absl::OkStatus(); }
};

}  // namespace hone

#endif  // HONE_CLUSTER_COLLECTIVES_H_
