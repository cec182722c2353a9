#include "cluster/mpi_roll_call.h"

#include <array>

#include "absl/strings/string_view.h"

namespace hone {

void MpiRollCall::Speak(World world, const Statement& statement) {
  AllSent();  // forgets those
  spoken_ = statement;
  for (int i = 1; i < world.size; ++i) {
    sent_.push_back({Encode(statement)});  // a deque: it stays where it is
    Message& message = sent_.back();
    MPI_Isend(message.bytes.data(), static_cast<int>(message.bytes.size()), MPI_BYTE,
              (world.rank + i) % world.size, tag_, MPI_COMM_WORLD, &message.request);
  }
}

void MpiRollCall::Correct(World world, const Statement& statement) {
  if (spoken_ && *spoken_ != statement) Speak(world, statement);
}

bool MpiRollCall::Listen() {
  bool heard = false;
  while (true) {
    int there = 0, size = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, tag_, MPI_COMM_WORLD, &there, &status) != MPI_SUCCESS || !there)
      return heard;
    // It has arrived, and is small enough to have done so as a whole.
    std::array<char, kStatementBytes> bytes;
    if (MPI_Recv(bytes.data(), kStatementBytes, MPI_BYTE, status.MPI_SOURCE, tag_, MPI_COMM_WORLD,
                 &status) != MPI_SUCCESS)
      return heard;
    MPI_Get_count(&status, MPI_BYTE, &size);
    heard_[status.MPI_SOURCE] = DecodeStatement(absl::string_view(bytes.data(), size));
    heard = true;
  }
}

bool MpiRollCall::AllSent() {
  for (; !sent_.empty(); sent_.pop_front()) {
    int done = 0;
    if (MPI_Test(&sent_.front().request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || !done) break;
  }
  return sent_.empty();
}

}  // namespace hone
