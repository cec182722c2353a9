// What the tests of the emulation share: a stream, and arrays on the device.
#ifndef HONE_TESTS_GPU_EMULATION_EMULATION_FIXTURE_H_
#define HONE_TESTS_GPU_EMULATION_EMULATION_FIXTURE_H_

#include <cstddef>
#include <vector>

#include "cuda_runtime.h"
#include "gtest/gtest.h"

namespace hone::emulation {

template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t size) : size_(size) {
    EXPECT_EQ(cudaMalloc(&data_, size * sizeof(T)), cudaSuccess);
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
    EXPECT_EQ(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice),
              cudaSuccess);
  }
  ~DeviceArray() { EXPECT_EQ(cudaFree(data_), cudaSuccess); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* get() const { return data_; }
  // Synchronises the null stream.
  std::vector<T> Values() const {
    std::vector<T> values(size_);
    EXPECT_EQ(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost),
              cudaSuccess);
    return values;
  }

 private:
  size_t size_;
  T* data_ = nullptr;
};

class EmulationTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), cudaSuccess);
    ASSERT_EQ(cudaMallocHost(&pinned_, sizeof(int)), cudaSuccess);
  }
  void TearDown() override {
    EXPECT_EQ(cudaStreamDestroy(stream_), cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(cudaFreeHost(pinned_), cudaSuccess);
    EXPECT_EQ(NumDeviceBytes(), 0);
    EXPECT_EQ(NumPinnedBytes(), 0);
    cudaGetLastError();
  }
  cudaLaunchConfig_t Config(dim3 grid, dim3 block) const {
    return {grid, block, 0, stream_, {}, 0};
  }

  cudaStream_t stream_ = nullptr;
  int* pinned_ = nullptr;
};

__global__ inline void AddOne(int* p) { ++*p; }
__global__ inline void Nothing() {}

}  // namespace hone::emulation

#endif  // HONE_TESTS_GPU_EMULATION_EMULATION_FIXTURE_H_
