#include <array>
#include <cmath>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "cuda_runtime.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/gpu/emulation/emulation_fixture.h"

namespace hone::emulation {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using EmulationDeathTest = EmulationTest;

template <int kThreads>
__global__ __launch_bounds__(kThreads) void SumBlocks(const float* __restrict__ in, float* sums) {
  __shared__ float parts[kThreads];
  const unsigned int i = threadIdx.x;
  parts[i] = __ldg(in + blockIdx.x * kThreads + i);
  __syncthreads();
  for (unsigned int half = kThreads / 2; half > 0; half /= 2) {
    if (i < half) parts[i] += parts[i + half];
    __syncthreads();
  }
  if (i == 0) sums[blockIdx.x] = parts[0];
}

// A barrier is missing: right only where the threads run from the last to the first.
__global__ void ShiftWithoutBarrier(int base, int* out) {
  __shared__ int values[4];
  values[threadIdx.x] = base + static_cast<int>(threadIdx.x);
  const unsigned int next = threadIdx.x + 1;
  out[blockIdx.x * 4 + threadIdx.x] = next < 4 ? values[next] : -1;
}

__global__ void NameThreads(uint3* threads, uint3* blocks) {
  const unsigned int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const unsigned int i = block * blockDim.x * blockDim.y * blockDim.z + thread;
  threads[i] = threadIdx;
  blocks[i] = blockIdx;
}

template <typename T>
__global__ void ShuffleAll(T* sums, T* down, T* from) {
  const T own = static_cast<T>(threadIdx.x);
  T sum = own;
  for (int lane_mask = 16; lane_mask > 0; lane_mask /= 2) {
    sum += __shfl_xor_sync(0xffffffff, sum, lane_mask);
  }
  sums[threadIdx.x] = sum;
  down[threadIdx.x] = __shfl_down_sync(0xffffffff, own, 3, 8);
  from[threadIdx.x] = __shfl_sync(0xffffffff, own, 5);
}

__global__ void ShuffleHalves(int* out) {
  const int own = static_cast<int>(threadIdx.x);
  if (threadIdx.x % 2 == 0) {
    out[own] = __shfl_xor_sync(0x55555555, own, 2);
  } else {
    __syncwarp(0xaaaaaaaa);
    out[own] = __shfl_sync(0xaaaaaaaa, own, 1);
  }
}

__global__ void BarrierOfSome(int limit) {
  if (static_cast<int>(threadIdx.x) < limit) __syncthreads();
}
__global__ void MixedBarriers() {
  if (threadIdx.x == 7) {
    __syncthreads();
  } else {
    __syncwarp();
  }
}
__global__ void MixedShuffles(int* out) {
  const int own = static_cast<int>(threadIdx.x);
  *out = threadIdx.x == 7 ? __shfl_xor_sync(~0u, own, 1) : __shfl_sync(~0u, own, 1);
}

TEST_F(EmulationTest, BlocksReduceThroughSharedMemory) {
  constexpr int kThreads = 256, kBlocks = 3000;
  std::vector<float> values(kThreads * kBlocks);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 97);
  const DeviceArray<float> in(values), sums(kBlocks);
  const auto config = Config(kBlocks, kThreads);
  ASSERT_EQ(cudaLaunchKernelEx(&config, SumBlocks<kThreads>, in.get(), sums.get()), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  const auto results = sums.Values();
  for (int b = 0; b < kBlocks; ++b) {
    const auto begin = values.begin() + b * kThreads;
    ASSERT_EQ(results[b], std::accumulate(begin, begin + kThreads, 0.0f)) << b;
  }
}

TEST_F(EmulationTest, ThreadsAndBlocksHaveThreeIndices) {
  const dim3 grid(2, 3, 2), block(3, 2, 4);
  const size_t num_threads = 12 * 24;
  const DeviceArray<uint3> threads(num_threads), blocks(num_threads);
  const auto config = Config(grid, block);
  ASSERT_EQ(cudaLaunchKernelEx(&config, NameThreads, threads.get(), blocks.get()), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  const auto thread_values = threads.Values(), block_values = blocks.Values();
  size_t i = 0;
  for (unsigned int b = 0; b < 12; ++b) {
    for (unsigned int t = 0; t < 24; ++t, ++i) {
      const uint3 thread = thread_values[i], at = block_values[i];
      ASSERT_THAT((std::array{thread.x, thread.y, thread.z}), ElementsAre(t % 3, t / 3 % 2, t / 6));
      ASSERT_THAT((std::array{at.x, at.y, at.z}), ElementsAre(b % 2, b / 2 % 3, b / 6));
    }
  }
}

TEST_F(EmulationTest, OddBlocksRunTheirThreadsBackwards) {
  const DeviceArray<int> out(8);
  const auto config = Config(2, 4);
  for (const int base : {10, 20}) {
    ASSERT_EQ(cudaLaunchKernelEx(&config, ShiftWithoutBarrier, base, out.get()), cudaSuccess);
  }
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  // The first block finds in the shared array what the first launch left there.
  EXPECT_THAT(out.Values(), ElementsAre(11, 12, 13, -1, 21, 22, 23, -1));
}

template <typename T>
class ShuffleTest : public EmulationTest {};
using ShuffledTypes = testing::Types<int, unsigned int, float, double>;
TYPED_TEST_SUITE(ShuffleTest, ShuffledTypes);

TYPED_TEST(ShuffleTest, MovesValuesWithinWarps) {
  const DeviceArray<TypeParam> sums(64), down(64), from(64);
  const auto config = this->Config(1, 64);
  ASSERT_EQ(cudaLaunchKernelEx(&config, ShuffleAll<TypeParam>, sums.get(), down.get(), from.get()),
            cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(this->stream_), cudaSuccess);
  const auto sum_values = sums.Values(), down_values = down.Values(), from_values = from.Values();
  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(sum_values[i], i < 32 ? 496 : 496 + 1024) << i;
    EXPECT_EQ(down_values[i], i % 8 < 5 ? i + 3 : i) << i;
    EXPECT_EQ(from_values[i], i < 32 ? 5 : 37) << i;
  }
}

TEST_F(EmulationTest, PartsOfAWarpShuffleOnTheirOwn) {
  const DeviceArray<int> out(32);
  const auto config = Config(1, 32);
  ASSERT_EQ(cudaLaunchKernelEx(&config, ShuffleHalves, out.get()), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  const auto values = out.Values();
  for (int i = 0; i < 32; ++i) EXPECT_EQ(values[i], i % 2 == 0 ? i ^ 2 : 1) << i;
}

TEST_F(EmulationTest, LanesThatDoNotExistGiveNan) {
  const DeviceArray<float> sums(20), down(20), from(20);
  const auto config = Config(1, 20);
  ASSERT_EQ(cudaLaunchKernelEx(&config, ShuffleAll<float>, sums.get(), down.get(), from.get()),
            cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  for (const float sum : sums.Values()) EXPECT_TRUE(std::isnan(sum));
  EXPECT_THAT(from.Values(), Each(5.0f));
}

TEST_F(EmulationDeathTest, ABarrierThatSomeThreadsNeverReachAborts) {
  const auto config = Config(dim3(2, 1, 3), dim3(16, 4));
  EXPECT_DEATH(
      {
        cudaLaunchKernelEx(&config, BarrierOfSome, 10);
        cudaStreamSynchronize(stream_);
      },
      "grid \\(2, 1, 3\\), block \\(16, 4, 1\\), at blockIdx \\(0, 0, 0\\): of 64 threads 24 "
      "ended, "
      "40 wait at __syncthreads and 0 at barriers of warps");
}

TEST_F(EmulationDeathTest, DifferentBarriersAbort) {
  const auto config = Config(1, 32);
  EXPECT_DEATH(
      {
        cudaLaunchKernelEx(&config, MixedBarriers);
        cudaStreamSynchronize(stream_);
      },
      "of 32 threads 0 ended, 1 wait at __syncthreads and 31 at barriers of warps \\(thread 0 in "
      "__syncwarp with mask 0xffffffff\\)");
  EXPECT_DEATH(
      {
        cudaLaunchKernelEx(&config, MixedShuffles, pinned_);
        cudaStreamSynchronize(stream_);
      },
      "thread 0 in __shfl_sync");
  EXPECT_DEATH(__syncthreads(), "outside a kernel");
}

TEST_F(EmulationTest, RefusesImpossibleLaunches) {
  const dim3 one(1);
  for (const auto& [grid, block] :
       {std::pair(one, dim3(1025)), std::pair(one, dim3(32, 33)), std::pair(one, dim3(0)),
        std::pair(dim3(1, 0), one), std::pair(dim3(1, 1, 65536), one),
        std::pair(one, dim3(1, 1, 65))}) {
    const auto config = Config(grid, block);
    EXPECT_EQ(cudaLaunchKernelEx(&config, Nothing), cudaErrorInvalidConfiguration);
    EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidConfiguration);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  }
  auto config = Config(1, 1024);
  EXPECT_EQ(cudaLaunchKernelEx(&config, Nothing), cudaSuccess);
  config.dynamicSmemBytes = 16;
  EXPECT_EQ(cudaLaunchKernelEx(&config, Nothing), cudaErrorNotSupported);
}

TEST_F(EmulationTest, AnyThreadMayRunKernels) {
  const DeviceArray<int> count(std::vector<int>{0});
  const auto config = Config(10, 64);
  const auto work = [&] {
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(cudaLaunchKernelEx(&config, AddOne, count.get()), cudaSuccess);
      EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_THAT(count.Values(), ElementsAre(2 * 50 * 640));
}

}  // namespace
}  // namespace hone::emulation
