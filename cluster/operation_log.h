// What a group of ranks calls its operations, and what they have cost.
// Thread safety: Begin() from one thread at a time, the rest from any.
#ifndef HONE_CLUSTER_OPERATION_LOG_H_
#define HONE_CLUSTER_OPERATION_LOG_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "cluster/collectives.h"

namespace hone {

class OperationLog {
 public:
  explicit OperationLog(std::string group) : group_(std::move(group)) {}

  struct Operation {
    std::string name;  // "all-gather no. 17 of the learner's ranks (block 3)"
    uint64_t number;   // 17: each rank of the group gives it to the same operation
  };
  Operation Begin(absl::string_view kind, absl::string_view what);

  void AddSent(int64_t bytes);
  // Adds seconds to a field of the statistics. The log must outlive it.
  std::function<void(double)> Adder(double CollectiveStats::*field);

  CollectiveStats stats() const;

 private:
  const std::string group_;
  uint64_t sequence_ = 0;
  mutable absl::Mutex mutex_;
  CollectiveStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hone

#endif  // HONE_CLUSTER_OPERATION_LOG_H_
