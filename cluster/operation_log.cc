#include "cluster/operation_log.h"

#include "absl/strings/str_cat.h"

namespace hone {

OperationLog::Operation OperationLog::Begin(absl::string_view kind, absl::string_view what) {
  {
    const absl::MutexLock lock(&mutex_);
    ++stats_.operations;
  }
  ++sequence_;
  return {absl::StrCat(kind, " no. ", sequence_, " of ", group_, " (", what, ")"), sequence_};
}

void OperationLog::AddSent(int64_t bytes) {
  const absl::MutexLock lock(&mutex_);
  stats_.bytes_sent += bytes;
}

std::function<void(double)> OperationLog::Adder(double CollectiveStats::*field) {
  return [this, field](double seconds) {
    const absl::MutexLock lock(&mutex_);
    stats_.*field += seconds;
  };
}

CollectiveStats OperationLog::stats() const {
  const absl::MutexLock lock(&mutex_);
  return stats_;
}

}  // namespace hone
