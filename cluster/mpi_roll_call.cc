#include "cluster/mpi_roll_call.h"

#include <array>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hone {
namespace {

// A message is the letter of its kind, the question's number, a line's end, and the statement.
constexpr size_t kRollCallBytes = kStatementBytes + 32;

}  // namespace

void MpiRollCall::Ask(World world, const Statement& own) {
  ++questions_;
  answered_.clear();
  SendToAll(world, Kind::kQuestion, own);
}

void MpiRollCall::Correct(World world, const Statement& own) {
  if (spoken_ && *spoken_ != own) SendToAll(world, Kind::kCorrection, own);
}

void MpiRollCall::SendToAll(World world, Kind kind, const Statement& own) {
  for (int i = 1; i < world.size; ++i) {
    Send((world.rank + i) % world.size, kind, questions_, own);
  }
}

void MpiRollCall::Send(int rank, Kind kind, int64_t question, const Statement& own) {
  AllSent();  // forgets those
  spoken_ = own;
  sent_.push_back({absl::StrCat(std::string(1, static_cast<char>(kind)), question, "\n",
                                Encode(own))});  // a deque: it stays where it is
  Message& message = sent_.back();
  MPI_Isend(message.bytes.data(), static_cast<int>(message.bytes.size()), MPI_BYTE, rank, tag_,
            MPI_COMM_WORLD, &message.request);
}

void MpiRollCall::Listen(World world, absl::FunctionRef<Statement()> own) {
  while (true) {
    int there = 0, size = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, tag_, MPI_COMM_WORLD, &there, &status) != MPI_SUCCESS || !there)
      return;
    // It has arrived, and is small enough to have done so as a whole.
    std::array<char, kRollCallBytes> buffer;
    if (MPI_Recv(buffer.data(), kRollCallBytes, MPI_BYTE, status.MPI_SOURCE, tag_, MPI_COMM_WORLD,
                 &status) != MPI_SUCCESS)
      return;
    MPI_Get_count(&status, MPI_BYTE, &size);
    const absl::string_view bytes(buffer.data(), size);
    const size_t line = bytes.find('\n');
    int64_t question = 0;
    if (line == bytes.npos || !absl::SimpleAtoi(bytes.substr(1, line - 1), &question)) continue;
    const auto kind = static_cast<Kind>(bytes[0]);
    heard_[status.MPI_SOURCE] = DecodeStatement(bytes.substr(line + 1));
    if (kind == Kind::kQuestion) Send(status.MPI_SOURCE, Kind::kAnswer, question, own());
    if (kind == Kind::kAnswer && question == questions_) answered_.insert(status.MPI_SOURCE);
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
