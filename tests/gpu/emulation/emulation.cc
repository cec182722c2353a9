// CUDA's functions, and those for tests.
#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "cuda_runtime.h"
#include "tests/gpu/emulation/block.h"
#include "tests/gpu/emulation/device.h"

namespace hone::emulation {
namespace {

bool IsLaunchable(dim3 grid, dim3 block) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || block.x == 0 || block.y == 0 || block.z == 0) {
    return false;
  }
  if (grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535) return false;
  return block.x <= kMaxThreads && block.y <= kMaxThreads && block.z <= 64 &&
         uint64_t{block.x} * block.y * block.z <= kMaxThreads;
}

// Success where the host and other streams may wait for the event.
cudaError_t CheckNotCaptured(const CUevent_st* event) {
  if (event == nullptr) return cudaErrorInvalidResourceHandle;
  if (event->record == nullptr || !event->record->captured) return cudaSuccess;
  if (const auto capture = event->record->capture.lock()) capture->valid = false;
  return cudaErrorCapturedEvent;
}

}  // namespace

cudaError_t Launch(const cudaLaunchConfig_t& config, std::function<void()> thread) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  if (!IsLaunchable(config.gridDim, config.blockDim)) return Noted(cudaErrorInvalidConfiguration);
  if (config.dynamicSmemBytes != 0) return Noted(cudaErrorNotSupported);
  for (unsigned int i = 0; i < config.numAttrs; ++i) {
    // These change when a kernel may run, not what it does.
    if (config.attrs[i].id != cudaLaunchAttributeIgnore &&
        config.attrs[i].id != cudaLaunchAttributeProgrammaticStreamSerialization &&
        config.attrs[i].id != cudaLaunchAttributePriority) {
      return Noted(cudaErrorNotSupported);
    }
  }
  const auto stream = Find(device, config.stream);
  if (stream == nullptr) return Noted(cudaErrorInvalidResourceHandle);
  return Noted(EnqueueKernel(
      device, stream, [grid = config.gridDim, block = config.blockDim, thread = std::move(thread)] {
        RunGrid(grid, block, thread);
      }));
}

int64_t NumKernelLaunches() {
  const Lock lock(TheDevice().mutex);
  return TheDevice().num_launches;
}
int64_t NumKernelsRun() {
  const Lock lock(TheDevice().mutex);
  return TheDevice().num_run;
}
int64_t NumGraphLaunches() {
  const Lock lock(TheDevice().mutex);
  return TheDevice().num_graph_launches;
}
int64_t NumDeviceBytes() {
  const Lock lock(TheDevice().mutex);
  return TheDevice().num_device_bytes;
}
int64_t NumPinnedBytes() {
  const Lock lock(TheDevice().mutex);
  return TheDevice().num_pinned_bytes;
}
void FailAllocationAfter(int num_before) {
  const Lock lock(TheDevice().mutex);
  TheDevice().num_before_failure = num_before;
}
void SetMemoryLimit(int64_t bytes) {
  const Lock lock(TheDevice().mutex);
  TheDevice().limit_bytes = bytes;
}

}  // namespace hone::emulation

using namespace hone::emulation;  // CUDA's functions are global

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  return Noted(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* prop, int device) {
  if (prop == nullptr) return Noted(cudaErrorInvalidValue);
  if (device != 0) return Noted(cudaErrorInvalidDevice);
  const Lock lock(TheDevice().mutex);
  *prop = {.name = "emulated",
           .totalGlobalMem = static_cast<size_t>(TheDevice().limit_bytes),
           .sharedMemPerBlock = 48 << 10,
           .warpSize = kWarp,
           .maxThreadsPerBlock = kMaxThreads,
           .maxThreadsDim = {kMaxThreads, kMaxThreads, 64},
           .maxGridSize = {0x7fffffff, 65535, 65535},
           .major = 9,
           .minor = 0,
           .multiProcessorCount = 4,
           .unifiedAddressing = 1,
           .l2CacheSize = 50 << 20,
           .maxThreadsPerMultiProcessor = 2048,
           .sharedMemPerMultiprocessor = 228 << 10,
           .sharedMemPerBlockOptin = 227 << 10};
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attr, int device) {
  cudaDeviceProp prop;
  if (value == nullptr) return Noted(cudaErrorInvalidValue);
  if (const cudaError_t error = cudaGetDeviceProperties(&prop, device)) return error;
  switch (attr) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = prop.maxThreadsPerBlock;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = static_cast<int>(prop.sharedMemPerBlock);
      return cudaSuccess;
    case cudaDevAttrWarpSize:
      *value = prop.warpSize;
      return cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      *value = prop.multiProcessorCount;
      return cudaSuccess;
    case cudaDevAttrL2CacheSize:
      *value = prop.l2CacheSize;
      return cudaSuccess;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = prop.maxThreadsPerMultiProcessor;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      *value = prop.major;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      *value = prop.minor;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = static_cast<int>(prop.sharedMemPerMultiprocessor);
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(prop.sharedMemPerBlockOptin);
      return cudaSuccess;
  }
  return Noted(cudaErrorInvalidValue);
}

cudaError_t cudaDeviceSynchronize() {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  cudaError_t error = cudaSuccess;
  for (const auto& stream : device.streams) {
    if (stream->capture != nullptr) error = Invalidate(*stream);
  }
  if (error == cudaSuccess) SynchronizeDevice(device);
  return Noted(error);
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  *total = static_cast<size_t>(device.limit_bytes);
  *free = static_cast<size_t>(std::max<int64_t>(0, device.limit_bytes - device.num_device_bytes));
  return cudaSuccess;
}

cudaError_t cudaGetLastError() { return ForgetLastError(); }

cudaError_t cudaPeekAtLastError() { return LastError(); }

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
#define HONE_EMULATION_TEXT(name, value, text) \
  case name:                                   \
    return text;
    HONE_EMULATION_CUDA_ERRORS(HONE_EMULATION_TEXT)
#undef HONE_EMULATION_TEXT
  }
  return "unrecognized error code";
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define HONE_EMULATION_NAME(name, value, text) \
  case name:                                   \
    return #name;
    HONE_EMULATION_CUDA_ERRORS(HONE_EMULATION_NAME)
#undef HONE_EMULATION_NAME
  }
  return "unrecognized error code";
}

cudaError_t cudaMalloc(void** p, size_t size) {
  const Lock lock(TheDevice().mutex);
  return Noted(Allocate(TheDevice(), p, size, Place::kDevice));
}

cudaError_t cudaFree(void* p) {
  const Lock lock(TheDevice().mutex);
  return Noted(Free(TheDevice(), p, Place::kDevice));
}

cudaError_t cudaMallocHost(void** p, size_t size) {
  const Lock lock(TheDevice().mutex);
  return Noted(Allocate(TheDevice(), p, size, Place::kPinned));
}

cudaError_t cudaHostAlloc(void** p, size_t size, unsigned int /*flags*/) {
  return cudaMallocHost(p, size);
}

cudaError_t cudaFreeHost(void* p) {
  const Lock lock(TheDevice().mutex);
  return Noted(Free(TheDevice(), p, Place::kPinned));
}

cudaError_t cudaMemcpy(void* dst, const void* src, size_t count, cudaMemcpyKind kind) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  if (const cudaError_t error = RefuseInCapture(device)) return Noted(error);
  const cudaError_t error = EnqueueCopy(device, device.null_stream, dst, src, count, kind);
  if (error != cudaSuccess) return Noted(error);
  // Copies within the device are not waited for, as in CUDA.
  if (count > 0 && PlaceOf(device, dst, count) == Place::kDevice &&
      PlaceOf(device, src, count) == Place::kDevice) {
    return cudaSuccess;
  }
  return Noted(Synchronize(device.null_stream));
}

cudaError_t cudaMemcpyAsync(void* dst, const void* src, size_t count, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  return Noted(EnqueueCopy(device, Find(device, stream), dst, src, count, kind));
}

cudaError_t cudaMemset(void* p, int value, size_t count) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  if (const cudaError_t error = RefuseInCapture(device)) return Noted(error);
  return Noted(EnqueueMemset(device, device.null_stream, p, value, count));
}

cudaError_t cudaMemsetAsync(void* p, int value, size_t count, cudaStream_t stream) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  return Noted(EnqueueMemset(device, Find(device, stream), p, value, count));
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  if (stream == nullptr || flags > cudaStreamNonBlocking) return Noted(cudaErrorInvalidValue);
  const Lock lock(TheDevice().mutex);
  auto created = std::make_shared<CUstream_st>();
  created->blocking = flags != cudaStreamNonBlocking;
  *stream = created.get();
  TheDevice().streams.push_back(std::move(created));
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  const auto stream = Find(device, handle);
  if (stream == nullptr || stream == device.null_stream) {
    return Noted(cudaErrorInvalidResourceHandle);
  }
  stream->capture = nullptr;
  stream->destroyed = true;
  if (stream->queue.empty()) std::erase(device.streams, stream);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const Lock lock(TheDevice().mutex);
  return Noted(Synchronize(Find(TheDevice(), stream)));
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  const Lock lock(TheDevice().mutex);
  const auto stream = Find(TheDevice(), handle);
  if (stream == nullptr) return Noted(cudaErrorInvalidResourceHandle);
  if (stream->capture != nullptr) return Noted(Invalidate(*stream));
  return Noted(Query(*stream, stream->num_enqueued));
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned int /*flags*/) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  const auto stream = Find(device, handle);
  if (stream == nullptr || event == nullptr) return Noted(cudaErrorInvalidResourceHandle);
  const auto record = event->record;
  if (stream->capture != nullptr) {
    if (!stream->capture->valid) return Noted(cudaErrorStreamCaptureInvalidated);
    if (record == nullptr || record->capture.lock() == stream->capture) return cudaSuccess;
    Invalidate(*stream);
    return Noted(cudaErrorStreamCaptureIsolation);
  }
  if (record == nullptr) return cudaSuccess;
  if (record->captured) {
    // In CUDA the stream would join the capture.
    const bool captures = !record->capture.expired();
    const cudaError_t error = CheckNotCaptured(event);
    return Noted(captures ? cudaErrorNotSupported : error);
  }
  if (record->stream == stream || record->stream->num_done >= record->position) return cudaSuccess;
  return Noted(Enqueue(device, stream, [record] { RunUntil(*record->stream, record->position); }));
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  if (event == nullptr) return Noted(cudaErrorInvalidValue);
  *event = new CUevent_st{.timed = (flags & cudaEventDisableTiming) == 0, .record = nullptr};
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  const auto stream = Find(device, handle);
  if (stream == nullptr || event == nullptr) return Noted(cudaErrorInvalidResourceHandle);
  auto record = std::make_shared<Record>();
  if (stream->capture != nullptr) {
    if (!stream->capture->valid) return Noted(cudaErrorStreamCaptureInvalidated);
    record->captured = true;
    record->capture = stream->capture;
  } else {
    // The stream's queue holds the operation, which must not hold the stream.
    const std::weak_ptr<Record> stamped = record;
    const cudaError_t error = Enqueue(device, stream, [stamped] {
      if (const auto live = stamped.lock()) live->time = std::chrono::steady_clock::now();
    });
    if (error != cudaSuccess) return Noted(error);
    record->stream = stream;
    record->position = stream->num_enqueued;
  }
  event->record = std::move(record);
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const Lock lock(TheDevice().mutex);
  if (const cudaError_t error = CheckNotCaptured(event)) return Noted(error);
  if (const auto record = event->record) RunUntil(*record->stream, record->position);
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const Lock lock(TheDevice().mutex);
  if (const cudaError_t error = CheckNotCaptured(event)) return Noted(error);
  if (event->record == nullptr) return cudaSuccess;
  return Noted(Query(*event->record->stream, event->record->position));
}

cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
  const Lock lock(TheDevice().mutex);
  if (ms == nullptr) return Noted(cudaErrorInvalidValue);
  for (const cudaEvent_t event : {start, end}) {
    if (const cudaError_t error = CheckNotCaptured(event)) return Noted(error);
    if (!event->timed || event->record == nullptr) return Noted(cudaErrorInvalidResourceHandle);
    if (event->record->stream->num_done < event->record->position) return cudaErrorNotReady;
  }
  *ms = std::chrono::duration<float, std::milli>(end->record->time - start->record->time).count();
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const Lock lock(TheDevice().mutex);
  if (event == nullptr) return Noted(cudaErrorInvalidResourceHandle);
  delete event;
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  const auto stream = Find(device, handle);
  if (stream == nullptr) return Noted(cudaErrorInvalidResourceHandle);
  if (stream == device.null_stream) return Noted(cudaErrorStreamCaptureUnsupported);
  if (stream->capture != nullptr) return Noted(cudaErrorIllegalState);
  stream->capture = std::make_shared<Capture>();
  stream->capture->mode = mode;
  stream->capture->thread = std::this_thread::get_id();
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  const Lock lock(TheDevice().mutex);
  if (graph == nullptr) return Noted(cudaErrorInvalidValue);
  *graph = nullptr;
  const auto stream = Find(TheDevice(), handle);
  if (stream == nullptr) return Noted(cudaErrorInvalidResourceHandle);
  if (stream->capture == nullptr) return Noted(cudaErrorIllegalState);
  if (stream->capture->mode != cudaStreamCaptureModeRelaxed &&
      stream->capture->thread != std::this_thread::get_id()) {
    stream->capture->valid = false;
    return Noted(cudaErrorStreamCaptureWrongThread);
  }
  const auto capture = std::move(stream->capture);
  stream->capture = nullptr;
  if (!capture->valid) return Noted(cudaErrorStreamCaptureInvalidated);
  *graph = new CUgraph_st{std::move(capture->operations)};
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  const Lock lock(TheDevice().mutex);
  const auto stream = Find(TheDevice(), handle);
  if (status == nullptr) return Noted(cudaErrorInvalidValue);
  if (stream == nullptr) return Noted(cudaErrorInvalidResourceHandle);
  *status = stream->capture == nullptr ? cudaStreamCaptureStatusNone
            : stream->capture->valid   ? cudaStreamCaptureStatusActive
                                       : cudaStreamCaptureStatusInvalidated;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph,
                                 unsigned long long /*flags*/) {
  if (exec == nullptr || graph == nullptr) return Noted(cudaErrorInvalidValue);
  *exec = new CUgraphExec_st{std::make_shared<const std::vector<Operation>>(graph->operations)};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle) {
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  if (exec == nullptr) return Noted(cudaErrorInvalidValue);
  const auto stream = Find(device, handle);
  if (stream == nullptr) return Noted(cudaErrorInvalidResourceHandle);
  const bool captured = stream->capture != nullptr;
  const cudaError_t error = Enqueue(device, stream, [operations = exec->operations] {
    for (const Operation& operation : *operations) operation();
  });
  if (error == cudaSuccess && !captured) ++device.num_graph_launches;
  return Noted(error);
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  if (exec == nullptr) return Noted(cudaErrorInvalidValue);
  delete exec;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  if (graph == nullptr) return Noted(cudaErrorInvalidValue);
  delete graph;
  return cudaSuccess;
}
