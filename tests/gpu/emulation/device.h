// The host side of the emulation: memory, and streams whose operations wait for a synchronisation.
// Thread safety: all below is guarded by TheDevice().mutex, but for Noted.
#ifndef HONE_TESTS_GPU_EMULATION_DEVICE_H_
#define HONE_TESTS_GPU_EMULATION_DEVICE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "cuda_runtime.h"

namespace hone::emulation {

using Operation = std::function<void()>;

struct Capture {
  cudaStreamCaptureMode mode;
  std::thread::id thread;
  bool valid = true;
  std::vector<Operation> operations;
};

}  // namespace hone::emulation

struct CUstream_st {
  bool blocking = true;
  bool destroyed = false;                   // kept while it has something to do
  uint64_t num_enqueued = 0, num_done = 0;  // operations
  std::deque<hone::emulation::Operation> queue;
  std::shared_ptr<hone::emulation::Capture> capture;
};

struct CUgraph_st {
  std::vector<hone::emulation::Operation> operations;
};

struct CUgraphExec_st {
  std::shared_ptr<const std::vector<hone::emulation::Operation>> operations;
};

namespace hone::emulation {

// Where a stream was when an event was recorded.
struct Record {
  std::shared_ptr<CUstream_st> stream;
  uint64_t position = 0;  // done once the stream has done as many operations
  bool captured = false;
  std::weak_ptr<Capture> capture;
  std::chrono::steady_clock::time_point time;
};

}  // namespace hone::emulation

struct CUevent_st {
  bool timed = true;
  std::shared_ptr<hone::emulation::Record> record;
};

namespace hone::emulation {

// Where a range of memory is; in no place, if it leaves its allocation.
enum class Place { kDevice, kPinned, kPageable, kInvalid };

struct Allocation {
  size_t num_bytes;
  Place place;
};

struct Device {
  std::mutex mutex;  // guards all that this file declares, and what runs in RunGrid()
  std::map<uintptr_t, Allocation> allocations;
  int64_t num_device_bytes = 0, num_pinned_bytes = 0;
  int64_t limit_bytes = int64_t{4} << 30;
  int num_before_failure = -1;  // of cudaMalloc; negative: none
  std::shared_ptr<CUstream_st> null_stream = std::make_shared<CUstream_st>();
  std::vector<std::shared_ptr<CUstream_st>> streams;
  int64_t num_launches = 0, num_run = 0, num_graph_launches = 0;
};

Device& TheDevice();
using Lock = std::lock_guard<std::mutex>;

// Keeps an error for the calling thread's cudaGetLastError.
cudaError_t Noted(cudaError_t error);
cudaError_t ForgetLastError();
cudaError_t LastError();

Place PlaceOf(const Device& device, const void* p, size_t num_bytes);
cudaError_t Allocate(Device& device, void** p, size_t size, Place place);
cudaError_t Free(Device& device, void* p, Place place);

// Null, if there is no such stream.
std::shared_ptr<CUstream_st> Find(const Device& device, cudaStream_t handle);
// Appends to the stream, or to the graph that it captures.
cudaError_t Enqueue(Device& device, const std::shared_ptr<CUstream_st>& stream,
                    Operation operation);
cudaError_t EnqueueKernel(Device& device, const std::shared_ptr<CUstream_st>& stream,
                          Operation kernel);
cudaError_t EnqueueCopy(Device& device, const std::shared_ptr<CUstream_st>& stream, void* dst,
                        const void* src, size_t count, cudaMemcpyKind kind);
cudaError_t EnqueueMemset(Device& device, const std::shared_ptr<CUstream_st>& stream, void* p,
                          int value, size_t count);

// Runs what the stream was given until it has done `position` operations.
void RunUntil(CUstream_st& stream, uint64_t position);
// One operation at most.
cudaError_t Query(CUstream_st& stream, uint64_t position);
cudaError_t Synchronize(const std::shared_ptr<CUstream_st>& stream);
void SynchronizeDevice(Device& device);

// Ends the capture of a stream that captures: cudaErrorStreamCaptureUnsupported.
cudaError_t Invalidate(CUstream_st& stream);
// For calls that CUDA refuses while a stream captures, as far as the capture's mode says.
cudaError_t RefuseInCapture(Device& device);

}  // namespace hone::emulation

#endif  // HONE_TESTS_GPU_EMULATION_DEVICE_H_
