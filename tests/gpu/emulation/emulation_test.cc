#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <tuple>
#include <utility>
#include <vector>

#include "cuda_bf16.h"
#include "cuda_runtime.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/gpu/emulation/emulation_fixture.h"

namespace hone::emulation {
namespace {

using ::testing::ElementsAre;
using EmulationDeathTest = EmulationTest;

// Streams and events.

TEST_F(EmulationTest, NothingRunsBeforeASynchronisation) {
  const DeviceArray<int> count(std::vector<int>{5});
  const auto config = Config(1, 1);
  const int64_t launched = NumKernelLaunches(), ran = NumKernelsRun();
  *pinned_ = 0;
  ASSERT_EQ(cudaLaunchKernelEx(&config, AddOne, count.get()), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(pinned_, count.get(), sizeof(int), cudaMemcpyDeviceToHost, stream_),
            cudaSuccess);
  EXPECT_THAT(count.Values(), ElementsAre(5));  // the null stream does not wait for stream_
  EXPECT_EQ(*pinned_, 0);
  EXPECT_EQ(NumKernelLaunches(), launched + 1);
  EXPECT_EQ(NumKernelsRun(), ran);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(*pinned_, 6);
  EXPECT_EQ(NumKernelsRun(), ran + 1);
}

TEST_F(EmulationTest, PinnedSourcesAreReadLateAndPageableOnesAtOnce) {
  const DeviceArray<int> from_pinned(1), from_pageable(1);
  int pageable = 1;
  *pinned_ = 1;
  ASSERT_EQ(
      cudaMemcpyAsync(from_pinned.get(), pinned_, sizeof(int), cudaMemcpyHostToDevice, stream_),
      cudaSuccess);
  ASSERT_EQ(
      cudaMemcpyAsync(from_pageable.get(), &pageable, sizeof(int), cudaMemcpyHostToDevice, stream_),
      cudaSuccess);
  *pinned_ = pageable = 2;
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_THAT(from_pinned.Values(), ElementsAre(2));
  EXPECT_THAT(from_pageable.Values(), ElementsAre(1));
}

TEST_F(EmulationTest, CopiesToPageableMemorySynchronise) {
  const DeviceArray<int> count(std::vector<int>{5});
  const auto config = Config(1, 1);
  int pageable = 0;
  ASSERT_EQ(cudaLaunchKernelEx(&config, AddOne, count.get()), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(&pageable, count.get(), sizeof(int), cudaMemcpyDeviceToHost, stream_),
            cudaSuccess);
  EXPECT_EQ(pageable, 6);
}

TEST_F(EmulationTest, TheNullStreamAndBlockingStreamsWaitForEachOther) {
  const DeviceArray<int> count(std::vector<int>{0});
  cudaStream_t blocking;
  ASSERT_EQ(cudaStreamCreate(&blocking), cudaSuccess);
  auto config = Config(1, 1);
  config.stream = blocking;
  ASSERT_EQ(cudaLaunchKernelEx(&config, AddOne, count.get()), cudaSuccess);
  EXPECT_THAT(count.Values(), ElementsAre(1));
  ASSERT_EQ(cudaMemset(count.get(), 0, sizeof(int)), cudaSuccess);
  ASSERT_EQ(cudaLaunchKernelEx(&config, AddOne, count.get()), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(pinned_, count.get(), sizeof(int), cudaMemcpyDefault, blocking),
            cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(blocking), cudaSuccess);
  EXPECT_EQ(*pinned_, 1);
  EXPECT_EQ(cudaStreamDestroy(blocking), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(blocking), cudaErrorInvalidResourceHandle);
}

TEST_F(EmulationTest, EventsOrderStreams) {
  const DeviceArray<int> count(std::vector<int>{0});
  cudaStream_t other;
  cudaEvent_t start, middle;
  ASSERT_EQ(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&start), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&middle), cudaSuccess);
  EXPECT_EQ(cudaEventSynchronize(middle), cudaSuccess);  // was never recorded
  const auto config = Config(1, 1);
  ASSERT_EQ(cudaEventRecord(start, stream_), cudaSuccess);
  ASSERT_EQ(cudaLaunchKernelEx(&config, AddOne, count.get()), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(middle, stream_), cudaSuccess);
  ASSERT_EQ(cudaLaunchKernelEx(&config, AddOne, count.get()), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(other, middle), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(pinned_, count.get(), sizeof(int), cudaMemcpyDeviceToHost, other),
            cudaSuccess);
  float milliseconds = -1;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, middle), cudaErrorNotReady);
  ASSERT_EQ(cudaStreamSynchronize(other), cudaSuccess);
  EXPECT_EQ(*pinned_, 1);  // not what stream_ was given after the event
  EXPECT_EQ(cudaEventQuery(middle), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, middle), cudaSuccess);
  EXPECT_GE(milliseconds, 0);

  ASSERT_EQ(cudaEventRecord(middle, stream_), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(middle), cudaErrorNotReady);
  while (cudaEventQuery(middle) == cudaErrorNotReady) {
  }
  EXPECT_THAT(count.Values(), ElementsAre(2));
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(start), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(middle), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(other), cudaSuccess);
}

TEST_F(EmulationTest, ADestroyedStreamEndsItsWork) {
  const DeviceArray<int> count(std::vector<int>{0});
  cudaStream_t other;
  ASSERT_EQ(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking), cudaSuccess);
  auto config = Config(1, 1);
  config.stream = other;
  ASSERT_EQ(cudaLaunchKernelEx(&config, AddOne, count.get()), cudaSuccess);
  ASSERT_EQ(cudaStreamDestroy(other), cudaSuccess);
  EXPECT_THAT(count.Values(), ElementsAre(0));
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_THAT(count.Values(), ElementsAre(1));
}

// Memory.

TEST_F(EmulationTest, RefusesCopiesOutOfBoundsOrOfAnotherKind) {
  const DeviceArray<int> array(std::vector<int>{0, 0});
  int host[4] = {};
  for (const auto& [dst, src, count, kind] :
       {std::tuple<void*, const void*, size_t, cudaMemcpyKind>{array.get(), host, 9,
                                                               cudaMemcpyHostToDevice},
        {array.get() + 1, host, 8, cudaMemcpyHostToDevice},
        {array.get() + 2, host, 1, cudaMemcpyHostToDevice},
        {reinterpret_cast<char*>(array.get()) - 1, host, 2, cudaMemcpyHostToDevice},
        {host, array.get(), 9, cudaMemcpyDeviceToHost},
        {pinned_, array.get(), 8, cudaMemcpyDeviceToHost},
        {host, pinned_, 8, cudaMemcpyHostToHost},
        {array.get(), host, 4, cudaMemcpyDeviceToHost},
        {host, array.get(), 4, cudaMemcpyHostToDevice},
        {host, host + 2, 4, cudaMemcpyDeviceToDevice},
        {nullptr, host, 4, cudaMemcpyHostToHost}}) {
    EXPECT_EQ(cudaMemcpy(dst, src, count, kind), cudaErrorInvalidValue);
    EXPECT_EQ(cudaMemcpyAsync(dst, src, count, kind, stream_), cudaErrorInvalidValue);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  }
  EXPECT_EQ(cudaMemset(array.get(), 0, 9), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(host, 0, 4), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(array.get() + 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(pinned_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(nullptr, nullptr, 0, cudaMemcpyHostToDevice), cudaSuccess);
}

TEST_F(EmulationTest, NewMemoryIsAlignedAndHoldsNans) {
  const DeviceArray<float> array(3);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(array.get()) % 256, 0);
  EXPECT_EQ(NumDeviceBytes(), 12);
  EXPECT_EQ(*pinned_, -1);
  for (const float x : array.Values()) EXPECT_TRUE(std::isnan(x));
}

TEST_F(EmulationTest, AllocationsFailWhenTold) {
  void* p = nullptr;
  FailAllocationAfter(1);
  ASSERT_EQ(cudaMalloc(&p, 1), cudaSuccess);
  EXPECT_EQ(cudaFree(p), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&p, 1), cudaErrorMemoryAllocation);
  EXPECT_EQ(p, nullptr);
  SetMemoryLimit(100);
  size_t free = 0, total = 0;
  {
    const DeviceArray<char> array(60);
    EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
    EXPECT_EQ(free, 40);
    EXPECT_EQ(total, 100);
    EXPECT_EQ(cudaMalloc(&p, 41), cudaErrorMemoryAllocation);
  }
  EXPECT_EQ(cudaMalloc(&p, 100), cudaSuccess);
  EXPECT_EQ(cudaFree(p), cudaSuccess);
  EXPECT_EQ(cudaFree(p), cudaErrorInvalidValue);
  SetMemoryLimit(int64_t{4} << 30);
}

TEST_F(EmulationDeathTest, OperationsOnFreedPinnedMemoryAbort) {
  const DeviceArray<int> array(1);
  EXPECT_DEATH(
      {
        cudaMemcpyAsync(array.get(), pinned_, sizeof(int), cudaMemcpyHostToDevice, stream_);
        cudaFreeHost(pinned_);
        cudaStreamSynchronize(stream_);
      },
      "after its memory was freed");
}

TEST_F(EmulationTest, DescribesItself) {
  int count = 0, value = 0;
  cudaDeviceProp properties;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_STREQ(properties.name, "emulated");
  EXPECT_EQ(properties.major, 9);
  EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, 0), cudaSuccess);
  EXPECT_EQ(value, 4);
  EXPECT_STREQ(cudaGetErrorName(cudaErrorNotReady), "cudaErrorNotReady");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorInvalidValue), "invalid argument");
}

// Graphs.

TEST_F(EmulationTest, GraphsReplayWhatWasCaptured) {
  const DeviceArray<int> count(std::vector<int>{100}), copy(1);
  const auto config = Config(1, 1);
  const int64_t launched = NumKernelLaunches(), ran = NumKernelsRun(), graphs = NumGraphLaunches();
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  cudaStreamCaptureStatus status;
  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  ASSERT_EQ(cudaStreamIsCapturing(stream_, &status), cudaSuccess);
  EXPECT_EQ(status, cudaStreamCaptureStatusActive);
  ASSERT_EQ(cudaMemcpyAsync(count.get(), pinned_, sizeof(int), cudaMemcpyHostToDevice, stream_),
            cudaSuccess);
  ASSERT_EQ(cudaLaunchKernelEx(&config, AddOne, count.get()), cudaSuccess);
  ASSERT_EQ(
      cudaMemcpyAsync(copy.get(), count.get(), sizeof(int), cudaMemcpyDeviceToDevice, stream_),
      cudaSuccess);
  ASSERT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_THAT(count.Values(), ElementsAre(100));
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);

  for (const int value : {7, 8}) {
    *pinned_ = value;
    ASSERT_EQ(cudaGraphLaunch(exec, stream_), cudaSuccess);
    EXPECT_NE(copy.Values()[0], value + 1);  // not before the synchronisation
    ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    EXPECT_EQ(copy.Values()[0], value + 1);
  }
  EXPECT_EQ(NumKernelLaunches(), launched);
  EXPECT_EQ(NumKernelsRun(), ran + 2);
  EXPECT_EQ(NumGraphLaunches(), graphs + 2);
  EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
}

TEST_F(EmulationTest, CapturesRefuseWhatCudaRefuses) {
  cudaEvent_t event, outside;
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&outside), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(outside, nullptr), cudaSuccess);
  const DeviceArray<int> array(1);
  int pageable = 0;
  void* p = nullptr;
  const auto config = Config(1, 1);
  const std::vector<std::pair<cudaError_t, std::function<cudaError_t()>>> calls = {
      {cudaErrorStreamCaptureUnsupported, [&] { return cudaStreamSynchronize(stream_); }},
      {cudaErrorStreamCaptureUnsupported, [&] { return cudaStreamQuery(stream_); }},
      {cudaErrorStreamCaptureUnsupported, [&] { return cudaDeviceSynchronize(); }},
      {cudaErrorStreamCaptureUnsupported, [&] { return cudaMalloc(&p, 1); }},
      {cudaErrorStreamCaptureUnsupported, [&] { return cudaFree(array.get()); }},
      {cudaErrorStreamCaptureUnsupported,
       [&] { return cudaMemcpyAsync(array.get(), &pageable, 4, cudaMemcpyDefault, stream_); }},
      {cudaErrorCapturedEvent, [&] { return cudaEventSynchronize(event); }},
      {cudaErrorNotSupported, [&] { return cudaStreamWaitEvent(nullptr, event); }},
      {cudaErrorStreamCaptureIsolation, [&] { return cudaStreamWaitEvent(stream_, outside); }},
  };
  for (const auto& [error, call] : calls) {
    cudaGraph_t graph;
    ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
    ASSERT_EQ(cudaEventRecord(event, stream_), cudaSuccess);
    ASSERT_EQ(cudaStreamWaitEvent(stream_, event), cudaSuccess);
    EXPECT_EQ(call(), error) << cudaGetErrorName(error);
    EXPECT_EQ(cudaLaunchKernelEx(&config, Nothing), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(graph, nullptr);
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  }
  EXPECT_EQ(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal),
            cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(outside), cudaSuccess);
}

TEST_F(EmulationTest, ARelaxedCaptureAllowsAllocations) {
  cudaGraph_t graph;
  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed), cudaSuccess);
  { const DeviceArray<int> array(1); }
  ASSERT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

// bfloat16.

TEST(Bfloat16Test, RoundsToNearestEven) {
  const auto round = [](uint32_t bits) {
    return __bfloat16_as_ushort(__float2bfloat16_rn(__uint_as_float(bits)));
  };
  EXPECT_EQ(round(0x3f800000), 0x3f80);
  EXPECT_EQ(round(0x3f807fff), 0x3f80);
  EXPECT_EQ(round(0x3f808000), 0x3f80);  // a tie, to even
  EXPECT_EQ(round(0x3f808001), 0x3f81);
  EXPECT_EQ(round(0x3f818000), 0x3f82);  // a tie, to even
  EXPECT_EQ(round(0xbf818000), 0xbf82);
  EXPECT_EQ(round(0x80000000), 0x8000);
  EXPECT_EQ(round(0x00008001), 0x0001);  // subnormal
  EXPECT_EQ(round(0x7f7fffff), 0x7f80);  // the largest float, to infinity
  EXPECT_EQ(round(0xff800000), 0xff80);
  EXPECT_EQ(round(0x7f800001), 0x7fff);
  EXPECT_EQ(round(0xffffffff), 0x7fff);
}

TEST(Bfloat16Test, EveryFiniteValueComesBack) {
  for (unsigned int bits = 0; bits < 0x10000; ++bits) {
    const __nv_bfloat16 x = __ushort_as_bfloat16(static_cast<unsigned short>(bits));
    if ((bits & 0x7fff) > 0x7f80) {
      EXPECT_TRUE(std::isnan(__bfloat162float(x)));
    } else {
      ASSERT_EQ(__bfloat16_as_ushort(__float2bfloat16(__bfloat162float(x))), bits);
    }
  }
  const float2 pair = __bfloat1622float2(__floats2bfloat162_rn(1.5f, -2.0f));
  EXPECT_EQ(pair.x, 1.5f);
  EXPECT_EQ(pair.y, -2.0f);
}

}  // namespace
}  // namespace hone::emulation
