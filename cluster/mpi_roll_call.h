// Carries the statements of a roll call (cluster/roll_call.h) over MPI: one small message to every
// other rank, which nobody waits for. Who has spoken once puts it right when it is no longer true.
// Thread safety: the MPI thread only.
#ifndef HONE_CLUSTER_MPI_ROLL_CALL_H_
#define HONE_CLUSTER_MPI_ROLL_CALL_H_

#include <mpi.h>

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "cluster/collectives.h"
#include "cluster/roll_call.h"

namespace hone {

class MpiRollCall {
 public:
  explicit MpiRollCall(int tag) : tag_(tag) {}

  void Speak(World world, const Statement& statement);
  // Speaks if the others have heard something else of this rank.
  void Correct(World world, const Statement& statement);
  // Takes in what came; true when something did.
  bool Listen();
  // The latest of each rank.
  const std::map<int, Statement>& heard() const { return heard_; }

  // Whether all that was spoken has left.
  bool AllSent();

 private:
  struct Message {
    std::string bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  const int tag_;
  std::deque<Message> sent_;
  std::optional<Statement> spoken_;
  std::map<int, Statement> heard_;
};

}  // namespace hone

#endif  // HONE_CLUSTER_MPI_ROLL_CALL_H_
