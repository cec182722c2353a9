#include "cluster/nccl_world.h"

#include <cuda_runtime.h>
#include <nccl.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/log.h"
#include "cluster/device_group.h"
#include "cluster/rank_sum.h"

namespace hone {
namespace {

// Of a reduce-scatter, what comes from each rank at a time.
constexpr int64_t kSliceFloats = int64_t{4} << 20;
// For what NCCL does at the end, or on abort; both are known to hang when a GPU or a link does.
constexpr absl::Duration kEndWait = absl::Seconds(10);
constexpr absl::Duration kLook = absl::Milliseconds(1);

Status FromCuda(cudaError_t code, absl::string_view what) {
  if (code == cudaSuccess) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("CUDA, ", what, ": ", cudaGetErrorString(code)));
}

// Where the default stream stood when an operation began.
struct Mark {
  Mark() = default;
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;
  ~Mark() {
    if (event != nullptr) cudaEventDestroy(event);
  }

  cudaEvent_t event = nullptr;
  cudaError_t code = cudaSuccess;
};

// All NCCL calls are made on the group's thread. They do not block: what they began is looked after
// by Done(), and an operation of several calls goes from one to the next there.
class NcclCommunicator : public Communicator {
 public:
  static StatusOr<std::unique_ptr<Communicator>> Make(const ncclUniqueId& id, World world,
                                                      int device) {
    std::unique_ptr<NcclCommunicator> made(new NcclCommunicator(world, device));
    HONE_RETURN_IF_ERROR(made->Begin(id));
    return made;
  }
  ~NcclCommunicator() override;

  Moment Now() override;
  Status Start(const DeviceOperation& operation, const Moment& after) override;
  StatusOr<bool> Done() override;
  void Abort() override;

 private:
  NcclCommunicator(World world, int device) : world_(world), device_(device) {}

  Status Begin(const ncclUniqueId& id);
  Status FromNccl(ncclResult_t code, absl::string_view what) const;
  Status NeedScratch(int64_t bytes);
  Status Plan(const DeviceOperation& operation);
  Status PlanReduceScatter(const float* full, int64_t n, float* sum);
  // The parts of `full` at [begin, begin + n) to their ranks, and this rank's from them.
  Status Exchange(const float* full, int64_t stride, int64_t begin, int64_t n);

  const World world_;
  const int device_;
  ncclComm_t comm_ = nullptr;  // null after an abort
  cudaStream_t stream_ = nullptr;
  cudaEvent_t done_ = nullptr;
  void* scratch_ = nullptr;
  int64_t scratch_bytes_ = 0;
  std::deque<std::function<Status()>> steps_;  // of the operation, not begun yet
  bool recorded_ = false;                      // done_, for the operation
};

Status NcclCommunicator::FromNccl(ncclResult_t code, absl::string_view what) const {
  if (code == ncclSuccess || code == ncclInProgress) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("NCCL, ", what, ": ", ncclGetErrorString(code), " (",
                                             ncclGetLastError(comm_), ")"));
}

Status NcclCommunicator::Begin(const ncclUniqueId& id) {
  HONE_RETURN_IF_ERROR(FromCuda(cudaSetDevice(device_), absl::StrCat("choosing GPU ", device_)));
  HONE_RETURN_IF_ERROR(
      FromCuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream"));
  HONE_RETURN_IF_ERROR(
      FromCuda(cudaEventCreateWithFlags(&done_, cudaEventDisableTiming), "making an event"));
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  return FromNccl(ncclCommInitRankConfig(&comm_, world_.size, id, world_.rank, &config), "joining");
}

// After an abort the GPU may hang, and so would freeing: the process is about to end then.
NcclCommunicator::~NcclCommunicator() {
  if (comm_ == nullptr) return;
  ncclCommFinalize(comm_);
  const absl::Time end = RealClock()->Now() + kEndWait;
  ncclResult_t state = ncclInProgress;
  while (ncclCommGetAsyncError(comm_, &state) == ncclSuccess && state == ncclInProgress &&
         RealClock()->Now() < end) {
    absl::SleepFor(kLook);
  }
  if (state != ncclSuccess) {
    Abort();
    return;
  }
  ncclCommDestroy(comm_);
  cudaFree(scratch_);
  cudaEventDestroy(done_);
  cudaStreamDestroy(stream_);
}

Communicator::Moment NcclCommunicator::Now() {
  auto mark = std::make_shared<Mark>();
  const auto call = [&](cudaError_t code) {
    if (mark->code == cudaSuccess) mark->code = code;
  };
  int callers = 0;  // the thread is the caller's, and so is the device it works with
  call(cudaGetDevice(&callers));
  call(cudaSetDevice(device_));
  call(cudaEventCreateWithFlags(&mark->event, cudaEventDisableTiming));
  if (mark->event != nullptr) call(cudaEventRecord(mark->event, cudaStreamLegacy));
  call(cudaSetDevice(callers));
  return mark;
}

Status NcclCommunicator::Start(const DeviceOperation& operation, const Moment& after) {
  const auto& mark = *static_cast<const Mark*>(after.get());
  HONE_RETURN_IF_ERROR(FromCuda(mark.code, "marking the default stream"));
  HONE_RETURN_IF_ERROR(
      FromCuda(cudaStreamWaitEvent(stream_, mark.event, 0), "following the default stream"));
  recorded_ = false;
  HONE_RETURN_IF_ERROR(Plan(operation));
  steps_.emplace_back([this] {
    recorded_ = true;
    return FromCuda(cudaEventRecord(done_, stream_), "recording an event");
  });
  return absl::OkStatus();
}

Status NcclCommunicator::NeedScratch(int64_t bytes) {
  if (bytes <= scratch_bytes_) return absl::OkStatus();
  HONE_RETURN_IF_ERROR(FromCuda(cudaFree(std::exchange(scratch_, nullptr)), "freeing memory"));
  scratch_bytes_ = 0;
  HONE_RETURN_IF_ERROR(
      FromCuda(cudaMalloc(&scratch_, bytes), absl::StrCat("taking ", bytes, " bytes")));
  scratch_bytes_ = bytes;
  return absl::OkStatus();
}

Status NcclCommunicator::Plan(const DeviceOperation& operation) {
  const auto& [kind, in, out, n, root] = operation;
  switch (kind) {
    case DeviceOperation::kAllGather:
      steps_.emplace_back([this, in = in, out = out, n = n] {
        return FromNccl(ncclAllGather(in, out, n, ncclFloat32, comm_, stream_), "all-gather");
      });
      return absl::OkStatus();
    case DeviceOperation::kReduceScatterAdd:
      return PlanReduceScatter(static_cast<const float*>(in), n, static_cast<float*>(out));
    case DeviceOperation::kAllReduce:
      HONE_RETURN_IF_ERROR(NeedScratch(world_.size * n * int64_t{sizeof(double)}));
      steps_.emplace_back([this, in = in, n = n] {
        return FromNccl(ncclAllGather(in, scratch_, n, ncclFloat64, comm_, stream_), "all-reduce");
      });
      steps_.emplace_back([this, out = out, n = n] {
        return FromCuda(SumRankParts(static_cast<const double*>(scratch_), world_.size, n,
                                     static_cast<double*>(out), stream_),
                        "adding up");
      });
      return absl::OkStatus();
    case DeviceOperation::kBroadcast:
      steps_.emplace_back([this, in = in, out = out, n = n, root = root] {
        return FromNccl(ncclBroadcast(in, out, n, ncclUint8, root, comm_, stream_), "broadcast");
      });
      return absl::OkStatus();
    case DeviceOperation::kBarrier:
      HONE_RETURN_IF_ERROR(NeedScratch(sizeof(float)));
      steps_.emplace_back([this] {
        return FromNccl(ncclAllReduce(scratch_, scratch_, 1, ncclFloat32, ncclSum, comm_, stream_),
                        "barrier");
      });
      return absl::OkStatus();
  }
  return absl::InternalError("no such operation");
}

// NCCL's own reduce-scatter adds in an order of its own; so it only moves the parts, as many bytes
// as that would.
Status NcclCommunicator::PlanReduceScatter(const float* full, int64_t n, float* sum) {
  HONE_RETURN_IF_ERROR(
      NeedScratch(world_.size * std::min(n, kSliceFloats) * int64_t{sizeof(float)}));
  for (int64_t begin = 0; begin < n; begin += kSliceFloats) {
    const int64_t count = std::min(kSliceFloats, n - begin);
    if (world_.size > 1) {
      steps_.emplace_back(
          [this, full, n, begin, count] { return Exchange(full, n, begin, count); });
    }
    steps_.emplace_back([this, full, n, begin, count, sum] {
      return FromCuda(
          AddRankParts(static_cast<const float*>(scratch_), full + world_.rank * n + begin,
                       world_.rank, world_.size, count, sum + begin, stream_),
          "adding up");
    });
  }
  return absl::OkStatus();
}

Status NcclCommunicator::Exchange(const float* full, int64_t stride, int64_t begin, int64_t n) {
  HONE_RETURN_IF_ERROR(FromNccl(ncclGroupStart(), "reduce-scatter"));
  Status status;
  for (int i = 1; i < world_.size && status.ok(); ++i) {
    const int peer = (world_.rank + i) % world_.size;
    status = FromNccl(ncclSend(full + peer * stride + begin, n, ncclFloat32, peer, comm_, stream_),
                      "sending");
    if (!status.ok()) break;
    status = FromNccl(
        ncclRecv(static_cast<float*>(scratch_) + peer * n, n, ncclFloat32, peer, comm_, stream_),
        "receiving");
  }
  const Status ended = FromNccl(ncclGroupEnd(), "reduce-scatter");
  return status.ok() ? ended : status;
}

StatusOr<bool> NcclCommunicator::Done() {
  ncclResult_t state = ncclSuccess;
  HONE_RETURN_IF_ERROR(FromNccl(ncclCommGetAsyncError(comm_, &state), "looking for errors"));
  HONE_RETURN_IF_ERROR(FromNccl(state, "in the background"));
  // What was called is not on the stream yet, and nothing may overtake it.
  if (state == ncclInProgress) return false;
  if (!steps_.empty()) {
    const std::function<Status()> step = std::move(steps_.front());
    steps_.pop_front();
    HONE_RETURN_IF_ERROR(step());
    return false;
  }
  if (!recorded_) return true;  // it has just joined
  const cudaError_t code = cudaEventQuery(done_);
  if (code == cudaErrorNotReady) return false;
  HONE_RETURN_IF_ERROR(FromCuda(code, "an operation of NCCL"));
  return true;
}

void NcclCommunicator::Abort() {
  if (comm_ == nullptr) return;
  auto over = std::make_shared<absl::Notification>();
  std::thread([over, comm = std::exchange(comm_, nullptr)] {
    ncclCommAbort(comm);
    over->Notify();
  }).detach();  // it may never return
  if (!over->WaitForNotificationWithTimeout(kEndWait)) {
    LogWarning(absl::StrCat("NCCL does not come back from its abort within ",
                            absl::FormatDuration(kEndWait)));
  }
}

// Everybody hears when there is none.
StatusOr<ncclUniqueId> ShareId(Collectives* members) {
  ncclUniqueId id = {};
  std::string bytes;
  ncclResult_t code = ncclSuccess;
  if (members->world().rank == 0) {
    code = ncclGetUniqueId(&id);
    if (code == ncclSuccess) bytes.assign(id.internal, sizeof(id.internal));
  }
  HONE_RETURN_IF_ERROR(BroadcastText(members, "NCCL's id", 0, &bytes));
  if (bytes.size() != sizeof(id.internal)) {
    return absl::UnavailableError(
        absl::StrCat("the first rank has no id from NCCL", code == ncclSuccess ? "" : ": ",
                     code == ncclSuccess ? "" : ncclGetErrorString(code)));
  }
  std::memcpy(id.internal, bytes.data(), sizeof(id.internal));
  return id;
}

}  // namespace

int NumGpus() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

StatusOr<std::unique_ptr<Collectives>> JoinNccl(const std::string& name, MpiWorld* mpi,
                                                Collectives* members, int device,
                                                const MpiOptions& waits) {
  if (device < 0 || device >= NumGpus()) {
    return absl::FailedPreconditionError(
        absl::StrCat("joining ", name, ": there is no GPU ", device, "; CUDA finds ", NumGpus(),
                     " (nvidia-smi lists them, CUDA_VISIBLE_DEVICES hides them)"));
  }
  DeviceRanks ranks{.world = members->world(), .ranks = {}, .mpi = mpi, .waits = waits};
  HONE_ASSIGN_OR_RETURN(
      const std::vector<std::string> numbers,
      AllGatherTexts(members, "ranks", absl::StrCat(mpi == nullptr ? 0 : mpi->world().rank)));
  for (const std::string& number : numbers) {
    int rank = 0;
    if (!absl::SimpleAtoi(number, &rank)) return absl::InternalError("not a rank: " + number);
    ranks.ranks.push_back(rank);
  }
  HONE_ASSIGN_OR_RETURN(const ncclUniqueId id, ShareId(members));
  return DeviceGroup::Join(name, ranks, [&, world = members->world()] {
    return NcclCommunicator::Make(id, world, device);
  });
}

}  // namespace hone
