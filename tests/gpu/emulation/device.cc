#include "tests/gpu/emulation/device.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "tests/gpu/emulation/block.h"

namespace hone::emulation {
namespace {

thread_local cudaError_t last_error = cudaSuccess;

}  // namespace

Device& TheDevice() {
  static Device& device = *new Device;
  return device;
}

cudaError_t Noted(cudaError_t error) {
  if (error != cudaSuccess && error != cudaErrorNotReady) last_error = error;
  return error;
}

cudaError_t ForgetLastError() { return std::exchange(last_error, cudaSuccess); }

cudaError_t LastError() { return last_error; }

Place PlaceOf(const Device& device, const void* p, size_t num_bytes) {
  const auto begin = reinterpret_cast<uintptr_t>(p);
  if (p == nullptr || begin + num_bytes < begin) return Place::kInvalid;
  const auto next = device.allocations.lower_bound(begin + num_bytes);
  if (next == device.allocations.begin()) return Place::kPageable;
  const auto& [start, allocation] = *std::prev(next);  // the last that starts before the end
  if (start + allocation.num_bytes <= begin) return Place::kPageable;
  const bool inside = begin >= start && begin + num_bytes <= start + allocation.num_bytes;
  return inside ? allocation.place : Place::kInvalid;
}

std::shared_ptr<CUstream_st> Find(const Device& device, cudaStream_t handle) {
  if (handle == nullptr || handle == cudaStreamLegacy) return device.null_stream;
  for (const auto& stream : device.streams) {
    if (stream.get() == handle && !stream->destroyed) return stream;
  }
  return nullptr;
}

void RunUntil(CUstream_st& stream, uint64_t position) {
  while (stream.num_done < position) {
    const Operation operation = std::move(stream.queue.front());
    stream.queue.pop_front();
    operation();
    ++stream.num_done;
  }
}

namespace {

void Push(CUstream_st& stream, Operation operation) {
  stream.queue.push_back(std::move(operation));
  ++stream.num_enqueued;
}

void PushWait(CUstream_st& stream, std::shared_ptr<CUstream_st> other, uint64_t position) {
  if (other->num_done >= position) return;
  Push(stream, [other = std::move(other), position] { RunUntil(*other, position); });
}

}  // namespace

cudaError_t Enqueue(Device& device, const std::shared_ptr<CUstream_st>& stream,
                    Operation operation) {
  if (stream->capture != nullptr) {
    if (!stream->capture->valid) return cudaErrorStreamCaptureInvalidated;
    stream->capture->operations.push_back(std::move(operation));
    return cudaSuccess;
  }
  if (stream == device.null_stream) {
    bool captured = false;
    for (const auto& other : device.streams) {
      if (!other->blocking || other->capture == nullptr) continue;
      other->capture->valid = false;
      captured = true;
    }
    if (captured) return cudaErrorStreamCaptureImplicit;
    for (const auto& other : device.streams) {
      if (other->blocking) PushWait(*stream, other, other->num_enqueued);
    }
  } else if (stream->blocking) {
    PushWait(*stream, device.null_stream, device.null_stream->num_enqueued);
  }
  Push(*stream, std::move(operation));
  return cudaSuccess;
}

cudaError_t Invalidate(CUstream_st& stream) {
  stream.capture->valid = false;
  return cudaErrorStreamCaptureUnsupported;
}

cudaError_t RefuseInCapture(Device& device) {
  cudaError_t error = cudaSuccess;
  for (const auto& stream : device.streams) {
    if (stream->capture == nullptr) continue;
    const Capture& capture = *stream->capture;
    if (capture.mode == cudaStreamCaptureModeGlobal ||
        (capture.mode == cudaStreamCaptureModeThreadLocal &&
         capture.thread == std::this_thread::get_id())) {
      error = Invalidate(*stream);
    }
  }
  return error;
}

void SynchronizeDevice(Device& device) {
  RunUntil(*device.null_stream, device.null_stream->num_enqueued);
  for (const auto& stream : device.streams) RunUntil(*stream, stream->num_enqueued);
  std::erase_if(device.streams, [](const auto& stream) { return stream->destroyed; });
}

namespace {

void CheckAlive(const void* p, size_t num_bytes, Place place) {
  if (place == Place::kPageable || PlaceOf(TheDevice(), p, num_bytes) == place) return;
  Abort("a copy, memset or product runs after its memory was freed");
}

// The places of both sides, or none if they do not suit the kind.
std::optional<std::pair<Place, Place>> CheckCopy(const Device& device, void* dst, const void* src,
                                                 size_t count, cudaMemcpyKind kind) {
  const Place to = PlaceOf(device, dst, count), from = PlaceOf(device, src, count);
  if (to == Place::kInvalid || from == Place::kInvalid) return std::nullopt;
  const bool to_device = to == Place::kDevice, from_device = from == Place::kDevice;
  const auto actual = to_device ? (from_device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice)
                                : (from_device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost);
  if (kind != cudaMemcpyDefault && kind != actual) return std::nullopt;
  return std::pair(to, from);
}

}  // namespace

cudaError_t EnqueueCopy(Device& device, const std::shared_ptr<CUstream_st>& stream, void* dst,
                        const void* src, size_t count, cudaMemcpyKind kind) {
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (count == 0) return cudaSuccess;
  const auto places = CheckCopy(device, dst, src, count, kind);
  if (!places.has_value()) return cudaErrorInvalidValue;
  const auto [to, from] = *places;
  if (stream->capture != nullptr && (to == Place::kPageable || from == Place::kPageable)) {
    return Invalidate(*stream);
  }
  Operation copy;
  if (to == Place::kDevice && from == Place::kPageable) {
    const auto* bytes = static_cast<const char*>(src);
    copy = [dst, staged = std::make_shared<std::vector<char>>(bytes, bytes + count)] {
      CheckAlive(dst, staged->size(), Place::kDevice);
      std::memcpy(dst, staged->data(), staged->size());
    };
  } else {
    copy = [dst, src, count, to = to, from = from] {
      CheckAlive(dst, count, to);
      CheckAlive(src, count, from);
      std::memmove(dst, src, count);
    };
  }
  const cudaError_t error = Enqueue(device, stream, std::move(copy));
  const bool waits = to == Place::kPageable || (to == Place::kPinned && from != Place::kDevice);
  if (error == cudaSuccess && waits && stream->capture == nullptr) {
    RunUntil(*stream, stream->num_enqueued);
  }
  return error;
}

cudaError_t EnqueueMemset(Device& device, const std::shared_ptr<CUstream_st>& stream, void* p,
                          int value, size_t count) {
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (count == 0) return cudaSuccess;
  if (PlaceOf(device, p, count) != Place::kDevice) return cudaErrorInvalidValue;
  return Enqueue(device, stream, [p, value, count] {
    CheckAlive(p, count, Place::kDevice);
    std::memset(p, value, count);
  });
}

cudaError_t Allocate(Device& device, void** p, size_t size, Place place) {
  if (p == nullptr) return cudaErrorInvalidValue;
  *p = nullptr;
  if (const cudaError_t error = RefuseInCapture(device)) return error;
  if (size == 0) return cudaSuccess;
  const auto num_bytes = static_cast<int64_t>(size);
  if (place == Place::kDevice) {
    const bool fails = device.num_before_failure == 0;
    if (device.num_before_failure >= 0) --device.num_before_failure;
    if (fails || num_bytes < 0 || num_bytes > device.limit_bytes - device.num_device_bytes) {
      return cudaErrorMemoryAllocation;
    }
  }
  // CUDA's alignment.
  if (posix_memalign(p, 256, size) != 0) return cudaErrorMemoryAllocation;
  std::memset(*p, 0xff, size);
  device.allocations[reinterpret_cast<uintptr_t>(*p)] = {size, place};
  (place == Place::kDevice ? device.num_device_bytes : device.num_pinned_bytes) += num_bytes;
  return cudaSuccess;
}

cudaError_t Free(Device& device, void* p, Place place) {
  if (p == nullptr) return cudaSuccess;
  if (const cudaError_t error = RefuseInCapture(device)) return error;
  const auto found = device.allocations.find(reinterpret_cast<uintptr_t>(p));
  if (found == device.allocations.end() || found->second.place != place) {
    return cudaErrorInvalidValue;
  }
  if (place == Place::kDevice) SynchronizeDevice(device);
  (place == Place::kDevice ? device.num_device_bytes : device.num_pinned_bytes) -=
      static_cast<int64_t>(found->second.num_bytes);
  device.allocations.erase(found);
  std::free(p);
  return cudaSuccess;
}

cudaError_t Synchronize(const std::shared_ptr<CUstream_st>& stream) {
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (stream->capture != nullptr) return Invalidate(*stream);
  RunUntil(*stream, stream->num_enqueued);
  return cudaSuccess;
}

cudaError_t Query(CUstream_st& stream, uint64_t position) {
  if (stream.num_done >= position) return cudaSuccess;
  RunUntil(stream, stream.num_done + 1);
  return cudaErrorNotReady;
}

cudaError_t EnqueueKernel(Device& device, const std::shared_ptr<CUstream_st>& stream,
                          Operation kernel) {
  const bool captured = stream->capture != nullptr;
  const cudaError_t error = Enqueue(device, stream, [&device, kernel = std::move(kernel)] {
    ++device.num_run;
    kernel();
  });
  if (error == cudaSuccess && !captured) ++device.num_launches;
  return error;
}

}  // namespace hone::emulation
