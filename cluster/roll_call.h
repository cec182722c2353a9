// Who holds the others up. A rank that has waited for too long tells every rank what it waits for,
// and whoever hears it tells the same of itself. A rank that says nothing, or that it is at work,
// is the one that has not arrived; one that waits for another is not to blame.
//
// Here is what is said and concluded; cluster/mpi_roll_call.h carries it from rank to rank.
#ifndef HONE_CLUSTER_ROLL_CALL_H_
#define HONE_CLUSTER_ROLL_CALL_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone {

// What a rank says of itself.
struct Statement {
  std::string operation = {};       // that it is in; empty: in none, it is at work
  std::vector<int> waits_for = {};  // ranks of the world that it misses there

  friend bool operator==(const Statement&, const Statement&) = default;
};

// At most so many bytes; of what is longer, the end of the operation's name is cut off, and then
// the last of the ranks.
inline constexpr size_t kStatementBytes = 1024;
std::string Encode(const Statement& statement);
// Of anything but what Encode() made: an empty statement.
Statement DecodeStatement(absl::string_view bytes);

// "rank 0 has not arrived within 3 s; rank 1 waits for rank 0 in all-gather no. 25 of …", for a
// rank that says `own` and has heard these, by rank. `within` is put after "arrived".
std::string DescribeAbsence(int rank, const Statement& own, const std::map<int, Statement>& heard,
                            absl::string_view within);

}  // namespace hone

#endif  // HONE_CLUSTER_ROLL_CALL_H_
