// What the ranks of a sharded learner say to one another. One small interface with three
// implementations: MPI (cluster/mpi_world.h), NCCL (cluster/nccl_world.h), and here the single
// rank, for which every operation is the identity.
//
// Every rank starts the same operations in the same order. An operation runs beside its caller from
// its start on; its memory belongs to it until Wait() has returned. Sums are in fp32 (AllReduce:
// double) and in the order of the ranks, so they have the same bits every time.
//
// Errors. Every operation has a deadline. When it passes, or when a rank is known to be gone,
// Wait() gives DeadlineExceeded or Unavailable with the operation's name and number, and the ranks
// that have not arrived, as a roll call (cluster/roll_call.h) found them. After an error the group
// is broken: all that follows fails at once. Thread safety: all functions may be called from one
// thread at a time; Wait() blocks.
#ifndef HONE_CLUSTER_COLLECTIVES_H_
#define HONE_CLUSTER_COLLECTIVES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

struct World {
  int rank = 0;
  int size = 1;
};

// An operation under way, to be waited for. One that is dropped is waited for then, so that its
// memory stays its own; its error, if any, comes back with the next operation.
class [[nodiscard]] Pending {
 public:
  class Operation {
   public:
    virtual ~Operation() = default;
    virtual Status Wait() = 0;  // may be called again
  };

  Pending() = default;  // done
  explicit Pending(std::shared_ptr<Operation> operation) : operation_(std::move(operation)) {}
  Pending(Pending&&) noexcept = default;
  Pending& operator=(Pending&& other) noexcept;
  ~Pending();

  Status Wait();

 private:
  std::shared_ptr<Operation> operation_;
};

// What a group's operations have done so far in this process.
struct CollectiveStats {
  int64_t operations = 0;
  int64_t bytes_sent = 0;     // to other ranks
  double active_seconds = 0;  // operations were under way, the wait for other ranks included
  double waited_seconds = 0;  // somebody stood in Wait()
};

class Collectives {
 public:
  virtual ~Collectives() = default;
  virtual World world() const = 0;

  // `what` names the operation in errors, e.g. "block 3".

  // full [size·n] = the shards [n] of all ranks, in rank order. `shard` may lie inside `full`, at
  // its own place.
  virtual Pending AllGather(absl::string_view what, const float* shard, int64_t n, float* full) = 0;

  // sum [n] = ((sum + full₀) + full₁) + …, fullᵣ [n] being this rank's part of the `full` [size·n]
  // of rank r.
  virtual Pending ReduceScatterAdd(absl::string_view what, const float* full, int64_t n,
                                   float* sum) = 0;

  // values [n] = their sums over the ranks.
  virtual Pending AllReduce(absl::string_view what, double* values, int64_t n) = 0;

  // bytes [n] of rank `root` to all.
  virtual Pending Broadcast(absl::string_view what, char* bytes, int64_t n, int root) = 0;

  virtual Pending Barrier(absl::string_view what) = 0;

  virtual CollectiveStats stats() const = 0;
};

// A world of one.
class SingleRank : public Collectives {
 public:
  World world() const override { return {}; }
  Pending AllGather(absl::string_view, const float* shard, int64_t n, float* full) override;
  Pending ReduceScatterAdd(absl::string_view, const float* full, int64_t n, float* sum) override;
  Pending AllReduce(absl::string_view, double*, int64_t) override { return {}; }
  Pending Broadcast(absl::string_view, char*, int64_t, int) override { return {}; }
  Pending Barrier(absl::string_view) override { return {}; }
  CollectiveStats stats() const override { return {}; }
};

// values [n] = their sums over the ranks, in fp32 and rank order. Blocks.
Status SumOverRanks(Collectives* collectives, absl::string_view what, float* values, int64_t n);

// A text of any length from `root` to all. Blocks.
Status BroadcastText(Collectives* collectives, absl::string_view what, int root, std::string* text);

// One text from each rank, to every rank. Blocks.
StatusOr<std::vector<std::string>> AllGatherTexts(Collectives* collectives, absl::string_view what,
                                                  const std::string& text);

}  // namespace hone

#endif  // HONE_CLUSTER_COLLECTIVES_H_
