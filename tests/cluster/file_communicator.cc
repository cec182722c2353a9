#include "tests/cluster/file_communicator.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace hone {

std::string FileCommunicator::Path(int rank) const {
  return absl::StrCat(folder_, "/", number_, ".", rank);
}

Status FileCommunicator::Start(const DeviceOperation& operation, const Moment& after) {
  ++number_;
  operation_ = operation;
  outside_.started_after = *static_cast<const int*>(after.get());
  int64_t bytes = operation.n;  // of a broadcast
  if (operation.kind == DeviceOperation::kBarrier) bytes = 0;
  if (operation.kind == DeviceOperation::kAllGather) bytes *= sizeof(float);
  if (operation.kind == DeviceOperation::kReduceScatterAdd) bytes *= sizeof(float) * world_.size;
  if (operation.kind == DeviceOperation::kAllReduce) bytes *= sizeof(double);
  return WriteFileAtomically(Path(world_.rank),
                             std::string(static_cast<const char*>(operation.in), bytes));
}

StatusOr<bool> FileCommunicator::Done() {
  if (outside_.fails) return absl::InternalError("the device is broken");
  if (outside_.hangs) return false;
  if (number_ == 0) return true;
  std::vector<std::string> given;
  for (int rank = 0; rank < world_.size; ++rank) {
    StatusOr<std::string> bytes = ReadFile(Path(rank));
    if (!bytes.ok()) return false;
    given.push_back(*std::move(bytes));
  }
  Finish(given);
  return true;
}

void FileCommunicator::Finish(const std::vector<std::string>& given) {
  const auto floats = [&](int rank) { return reinterpret_cast<const float*>(given[rank].data()); };
  const auto doubles = [&](int rank) {
    return reinterpret_cast<const double*>(given[rank].data());
  };
  const int64_t n = operation_.n;
  auto* out = static_cast<float*>(operation_.out);
  switch (operation_.kind) {
    case DeviceOperation::kAllGather:
      for (int rank = 0; rank < world_.size; ++rank) std::copy_n(floats(rank), n, out + rank * n);
      break;
    case DeviceOperation::kReduceScatterAdd:
      for (int rank = 0; rank < world_.size; ++rank) {
        for (int64_t i = 0; i < n; ++i) out[i] += floats(rank)[world_.rank * n + i];
      }
      break;
    case DeviceOperation::kAllReduce:
      for (int64_t i = 0; i < n; ++i) {
        double sum = 0;
        for (int rank = 0; rank < world_.size; ++rank) sum += doubles(rank)[i];
        static_cast<double*>(operation_.out)[i] = sum;
      }
      break;
    case DeviceOperation::kBroadcast:
      std::memcpy(operation_.out, given[operation_.root].data(), n);
      break;
    case DeviceOperation::kBarrier:
      break;
  }
}

}  // namespace hone
