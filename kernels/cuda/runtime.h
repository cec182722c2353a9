// What the host code around CUDA kernels shares: errors, memory, launches. Only the CUDA build has
// this folder's code; tests without a GPU compile it as C++ (tests/gpu/emulation).
#ifndef HONE_KERNELS_CUDA_RUNTIME_H_
#define HONE_KERNELS_CUDA_RUNTIME_H_

#include <cuda_runtime.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace hone::cuda {

// The device failed, or has too little memory. Its state is unknown then: nothing is to be done
// with it any more in this process.
class DeviceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws DeviceError, which names `what`.
inline void Check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  std::string text = std::string("GPU, ") + what + ": " + cudaGetErrorString(error);
  if (error == cudaErrorMemoryAllocation) text += "; fewer max_sequences or kv_cache_tokens fit";
  throw DeviceError(text);
}

// Memory of the device, uninitialised.
template <typename T>
class DeviceArray {
 public:
  DeviceArray() = default;
  explicit DeviceArray(int64_t size) : size_(size) {
    if (size > 0) Check(cudaMalloc(&data_, size * sizeof(T)), "allocating memory");
  }
  DeviceArray(DeviceArray&& other) noexcept { *this = std::move(other); }
  DeviceArray& operator=(DeviceArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~DeviceArray() { cudaFree(data_); }

  T* data() const { return data_; }
  int64_t size() const { return size_; }

 private:
  T* data_ = nullptr;
  int64_t size_ = 0;
};

// Memory of the host that the device copies from and to by itself.
template <typename T>
class PinnedArray {
 public:
  PinnedArray() = default;
  explicit PinnedArray(int64_t size) : size_(size) {
    if (size > 0) Check(cudaMallocHost(&data_, size * sizeof(T)), "allocating the host's memory");
  }
  PinnedArray(PinnedArray&& other) noexcept { *this = std::move(other); }
  PinnedArray& operator=(PinnedArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~PinnedArray() { cudaFreeHost(data_); }

  T* data() const { return data_; }
  int64_t size() const { return size_; }

 private:
  T* data_ = nullptr;
  int64_t size_ = 0;
};

// Makes room for at least `size` elements; what was there is lost, and moves.
template <typename Array>
bool Grow(Array* array, int64_t size) {
  if (array->size() >= size) return false;
  *array = Array();  // not both at once
  *array = Array(size);
  return true;
}

// Runs kernel(arguments…) with a thread of each place in `grid` blocks.
template <typename... Parameters, typename... Arguments>
void Launch(const char* what, dim3 grid, dim3 block, cudaStream_t stream,
            void (*kernel)(Parameters...), Arguments... arguments) {
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  Check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...), what);
}

}  // namespace hone::cuda

#endif  // HONE_KERNELS_CUDA_RUNTIME_H_
