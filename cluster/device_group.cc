#include "cluster/device_group.h"

#include <sched.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace hone {

StatusOr<std::unique_ptr<Collectives>> DeviceGroup::Join(std::string name, DeviceRanks ranks,
                                                         MakeCommunicator make) {
  const std::string joining = absl::StrCat("joining ", name);
  std::unique_ptr<DeviceGroup> group(new DeviceGroup(std::move(name), std::move(ranks)));
  HONE_RETURN_IF_ERROR(group->thread_.RunNow([&]() -> Status {
    StatusOr<std::unique_ptr<Communicator>> communicator = make();
    if (!communicator.ok()) return Annotate(communicator.status(), joining);
    group->communicator_ = *std::move(communicator);
    return group->Finish(joining);
  }));
  return group;
}

DeviceGroup::DeviceGroup(std::string name, DeviceRanks ranks)
    : ranks_(std::move(ranks)),
      others_(ranks_.ranks),
      log_(std::move(name)),
      // The communicator ends where it was made.
      thread_({.end = [this](const Status&) { communicator_.reset(); }}) {
  others_.erase(others_.begin() + ranks_.world.rank);
}

DeviceGroup::~DeviceGroup() {
  if (ranks_.mpi != nullptr) ranks_.mpi->SetWaiting({});
}

Pending DeviceGroup::AllGather(absl::string_view what, const float* shard, int64_t n, float* full) {
  return Start("all-gather", what,
               {.kind = DeviceOperation::kAllGather, .in = shard, .out = full, .n = n},
               (world().size - 1) * n * int64_t{sizeof(float)});
}

Pending DeviceGroup::ReduceScatterAdd(absl::string_view what, const float* full, int64_t n,
                                      float* sum) {
  return Start("reduce-scatter", what,
               {.kind = DeviceOperation::kReduceScatterAdd, .in = full, .out = sum, .n = n},
               (world().size - 1) * n * int64_t{sizeof(float)});
}

Pending DeviceGroup::AllReduce(absl::string_view what, double* values, int64_t n) {
  return Start("all-reduce", what,
               {.kind = DeviceOperation::kAllReduce, .in = values, .out = values, .n = n},
               (world().size - 1) * n * int64_t{sizeof(double)});
}

Pending DeviceGroup::Broadcast(absl::string_view what, char* bytes, int64_t n, int root) {
  return Start(
      "broadcast", what,
      {.kind = DeviceOperation::kBroadcast, .in = bytes, .out = bytes, .n = n, .root = root},
      world().rank == root ? (world().size - 1) * n : 0);
}

Pending DeviceGroup::Barrier(absl::string_view what) {
  return Start("barrier", what, {.kind = DeviceOperation::kBarrier}, 0);
}

Pending DeviceGroup::Start(absl::string_view kind, absl::string_view what,
                           const DeviceOperation& operation, int64_t bytes_sent) {
  std::string name = log_.Begin(kind, what).name;
  log_.AddSent(bytes_sent);
  return thread_.Enqueue(
      [this, operation, name = std::move(name), after = communicator_->Now()]() -> Status {
        if (const Status started = communicator_->Start(operation, after); !started.ok())
          return Fail(name, started, "");
        return Finish(name);
      },
      log_.Adder(&CollectiveStats::active_seconds), log_.Adder(&CollectiveStats::waited_seconds));
}

Status DeviceGroup::Finish(const std::string& operation) {
  const MpiOptions& waits = ranks_.waits;
  const absl::Time begin = RealClock()->Now();
  const absl::Time deadline = begin + absl::Seconds(waits.timeout_seconds);
  // What this rank says in a roll call; after a failure it goes on to say so.
  if (ranks_.mpi != nullptr) ranks_.mpi->SetWaiting({operation, others_});
  while (true) {
    const StatusOr<bool> done = communicator_->Done();
    if (!done.ok()) return Fail(operation, done.status(), "");
    if (*done) {
      if (ranks_.mpi != nullptr) ranks_.mpi->SetWaiting({});
      return absl::OkStatus();
    }
    const absl::Time now = RealClock()->Now();
    if (now > deadline) {
      return Fail(operation, absl::DeadlineExceededError(""),
                  absl::StrCat(" within ", waits.timeout_seconds,
                               " s (resources.trainer.timeout_seconds)"));
    }
    if (waits.rank_lost != nullptr && *waits.rank_lost) {
      return Fail(operation, absl::UnavailableError("a rank is gone"), "");
    }
    if (now - begin < kBusyLook) {
      sched_yield();
    } else {
      absl::SleepFor(kLookAgain);
    }
  }
}

// The roll comes first: while this rank aborts, the others must still hear it.
Status DeviceGroup::Fail(const std::string& operation, const Status& why,
                         absl::string_view within) {
  const Statement own = {operation, others_};
  StatusOr<std::string> absence = ranks_.mpi != nullptr
                                      ? ranks_.mpi->CallRoll(own, within)
                                      : DescribeAbsence(/*rank=*/0, own, /*heard=*/{}, within);
  if (!absence.ok()) {
    absence = absl::StrCat("not done", within,
                           ", and the ranks cannot be asked: ", absence.status().message());
  }
  communicator_->Abort();
  return Status(why.code(), absl::StrCat(why.message(), why.message().empty() ? "" : "; ",
                                         operation, ": ", *absence));
}

}  // namespace hone
