// The ranks that MPI started, and collectives over them for memory of the CPU. MPI carries messages
// between pairs of ranks only; the operations are made of those here, because then the order of a
// sum is known, and a rank that does not come is known by its number.
//
// Operations run on a thread of their own (cluster/mpi_thread.h), one after the other over all
// groups. Thread safety: as cluster/collectives.h says.
#ifndef HONE_CLUSTER_MPI_WORLD_H_
#define HONE_CLUSTER_MPI_WORLD_H_

#include <atomic>
#include <memory>
#include <string>

#include "base/status.h"
#include "cluster/collectives.h"
#include "cluster/roll_call.h"

namespace hone {

struct MpiOptions {
  double timeout_seconds = 120;  // of one operation
  // Raised when another rank is known to be gone: operations that are under way then, or begin,
  // have the grace to find out which. Not owned; null: never.
  const std::atomic<bool>* rank_lost = nullptr;
  double lost_grace_seconds = 1;  // of a roll call, too
};

class MpiThread;

class MpiWorld {
 public:
  // Joins the others that mpirun or srun started.
  static StatusOr<std::unique_ptr<MpiWorld>> Start(const MpiOptions& options);

  // Leaves together with all others; after an error or Abandon(), alone: mpirun then ends them.
  ~MpiWorld();
  // For when the others cannot be told that this rank ends.
  void Abandon();

  World world() const;
  const MpiOptions& options() const;

  // A group of the ranks that give the same `color`, in the order of their world's ranks; every
  // rank must call it, at most 16 times. `name` is for messages. The group must not outlive the
  // world.
  StatusOr<std::unique_ptr<Collectives>> Split(int color, const std::string& name);

  // For groups that wait for one another by other means than MPI, from any thread. What this rank
  // says when another calls the roll; an empty statement: that it is at work.
  void SetWaiting(Statement statement);
  // Calls the roll (cluster/roll_call.h) and concludes from it who has not arrived:
  // DescribeAbsence. Blocks for the grace, and until the operations before it are done.
  StatusOr<std::string> CallRoll(const Statement& own, absl::string_view within);

 private:
  explicit MpiWorld(std::unique_ptr<MpiThread> thread);

  std::unique_ptr<MpiThread> thread_;
  int num_groups_ = 0;
};

// How many ranks mpirun or srun started with this one; 1 when neither did.
int NumStartedRanks();
// This one among them; 0 when it is alone.
int StartedRank();
// How many of them on this machine, and this one among those.
int NumLocalRanks();
int LocalRank();

}  // namespace hone

#endif  // HONE_CLUSTER_MPI_WORLD_H_
