// Carries the statements of a roll call (cluster/roll_call.h) over MPI: small messages that nobody
// waits for. A rank asks all others, saying what it waits for itself; each answers it, and puts its
// answer right when it is no longer true. Questions are numbered, so that what a rank said of an
// earlier moment is not taken for its answer.
// Thread safety: the MPI thread only.
#ifndef HONE_CLUSTER_MPI_ROLL_CALL_H_
#define HONE_CLUSTER_MPI_ROLL_CALL_H_

#include <mpi.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/functional/function_ref.h"
#include "cluster/collectives.h"
#include "cluster/roll_call.h"

namespace hone {

class MpiRollCall {
 public:
  explicit MpiRollCall(int tag) : tag_(tag) {}

  void Ask(World world, const Statement& own);
  // Takes in what came; `own` is called for each question in it, and is the answer.
  void Listen(World world, absl::FunctionRef<Statement()> own);
  // Speaks if the others have heard something else of this rank.
  void Correct(World world, const Statement& own);

  // Whether this rank has answered what was asked last.
  bool HasAnswered(int rank) const { return answered_.contains(rank); }
  // The latest of each rank.
  const std::map<int, Statement>& heard() const { return heard_; }

  // Whether all that was spoken has left.
  bool AllSent();

 private:
  enum class Kind : char { kQuestion = '?', kAnswer = '=', kCorrection = '!' };
  struct Message {
    std::string bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  // `question` is the number of the one that is asked or answered.
  void Send(int rank, Kind kind, int64_t question, const Statement& own);
  void SendToAll(World world, Kind kind, const Statement& own);

  const int tag_;
  int64_t questions_ = 0;
  std::deque<Message> sent_;
  std::optional<Statement> spoken_;
  std::map<int, Statement> heard_;
  std::set<int> answered_;
};

}  // namespace hone

#endif  // HONE_CLUSTER_MPI_ROLL_CALL_H_
