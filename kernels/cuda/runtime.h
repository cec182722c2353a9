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

// Where an array is.
struct DeviceMemory {
  static constexpr char kAllocating[] = "allocating memory";
  static cudaError_t Allocate(void** data, size_t bytes) { return cudaMalloc(data, bytes); }
  static void Free(void* data) { cudaFree(data); }
};
struct PinnedMemory {
  static constexpr char kAllocating[] = "allocating the host's memory";
  static cudaError_t Allocate(void** data, size_t bytes) { return cudaMallocHost(data, bytes); }
  static void Free(void* data) { cudaFreeHost(data); }
};

// Uninitialised.
template <typename T, typename Memory>
class Array {
 public:
  Array() = default;
  explicit Array(int64_t size) : size_(size) {
    if (size == 0) return;
    void* data = nullptr;
    Check(Memory::Allocate(&data, size * sizeof(T)), Memory::kAllocating);
    data_ = static_cast<T*>(data);
  }
  Array(Array&& other) noexcept { *this = std::move(other); }
  Array& operator=(Array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Array() { Memory::Free(data_); }

  T* data() const { return data_; }
  int64_t size() const { return size_; }

 private:
  T* data_ = nullptr;
  int64_t size_ = 0;
};

template <typename T>
using DeviceArray = Array<T, DeviceMemory>;
// Of the host, which the device copies from and to by itself.
template <typename T>
using PinnedArray = Array<T, PinnedMemory>;

// Makes room for at least `size` elements; what was there is lost, and moves.
template <typename T, typename Memory>
void Grow(Array<T, Memory>* array, int64_t size) {
  if (array->size() >= size) return;
  *array = Array<T, Memory>();  // not both at once
  *array = Array<T, Memory>(size);
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
