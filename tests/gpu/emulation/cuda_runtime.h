// CUDA's runtime for unit tests without a GPU: .cu files compile as plain C++ with this folder
// first on the include path, and their kernels run on the CPU. Names, values and signatures are
// those of CUDA 13; what is absent here is not emulated.
//
// Kernels: each thread of a block is a fiber, blocks run one after the other, and blocks of odd
// index run their threads from the last to the first, so that a missing barrier shows. Shared
// arrays are statics: a block finds in them what the block before left. A barrier that can never
// complete aborts the process; so does one that a thread of its block or mask has ended without
// reaching.
//
// Streams are queues that run as late as CUDA allows: at a synchronisation, or at the wait of
// another stream that is synchronised. The null stream and streams created without
// cudaStreamNonBlocking wait for each other, as in CUDA. cudaEventQuery and cudaStreamQuery run one
// pending operation and report the state before it, so that polling ends.
//
// Captures hold one stream. Copies from or to unpinned memory cannot be captured. An operation that
// runs after its memory was freed (a graph's, or one with memory of cudaFreeHost) aborts.
//
// Thread safety: all functions may be called from any thread; one lock guards everything, and
// kernels run under it on the thread that synchronises. Kernels call no host functions.
#ifndef HONE_TESTS_GPU_EMULATION_CUDA_RUNTIME_H_
#define HONE_TESTS_GPU_EMULATION_CUDA_RUNTIME_H_

#include <math.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

// NOLINTBEGIN(readability-identifier-naming,google-explicit-constructor): names of CUDA

#define CUDART_VERSION 13000

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)

// Vector types.

struct alignas(8) int2 {
  int x, y;
};
struct alignas(16) int4 {
  int x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned int x, y;
};
struct uint3 {
  unsigned int x, y, z;
};
struct alignas(16) uint4 {
  unsigned int x, y, z, w;
};
struct alignas(8) float2 {
  float x, y;
};
struct float3 {
  float x, y, z;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) double2 {
  double x, y;
};
struct dim3 {
  constexpr dim3(unsigned int x = 1, unsigned int y = 1, unsigned int z = 1) : x(x), y(y), z(z) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  constexpr operator uint3() const { return {x, y, z}; }
  unsigned int x, y, z;
};

inline int2 make_int2(int x, int y) { return {x, y}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned int x, unsigned int y) { return {x, y}; }
inline uint3 make_uint3(unsigned int x, unsigned int y, unsigned int z) { return {x, y, z}; }
inline uint4 make_uint4(unsigned int x, unsigned int y, unsigned int z, unsigned int w) {
  return {x, y, z, w};
}
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float3 make_float3(float x, float y, float z) { return {x, y, z}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline double2 make_double2(double x, double y) { return {x, y}; }

// Device side.

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

namespace hone::emulation {

enum class WarpOperation : uint8_t { kSync, kShuffle, kShuffleDown, kShuffleXor };

// Waits for the warp's lanes of `mask`, then returns the bits that the lane found by `operation`
// from `operand` brought: all ones, where that lane took no part (undefined in CUDA).
uint64_t ExchangeInWarp(WarpOperation operation, unsigned int mask, uint64_t bits, int operand,
                        int width);

template <typename T>
concept Shuffled = (sizeof(T) == 4 || sizeof(T) == 8) && std::is_arithmetic_v<T>;

template <Shuffled T>
T Shuffle(WarpOperation operation, unsigned int mask, T value, int operand, int width) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = ExchangeInWarp(operation, mask, bits, operand, width);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace hone::emulation

void __syncthreads();
inline void __syncwarp(unsigned int mask = 0xffffffff) {
  hone::emulation::ExchangeInWarp(hone::emulation::WarpOperation::kSync, mask, 0, 0, 32);
}
template <hone::emulation::Shuffled T>
T __shfl_sync(unsigned int mask, T value, int lane, int width = warpSize) {
  using enum hone::emulation::WarpOperation;
  return hone::emulation::Shuffle(kShuffle, mask, value, lane, width);
}
template <hone::emulation::Shuffled T>
T __shfl_down_sync(unsigned int mask, T value, unsigned int delta, int width = warpSize) {
  using enum hone::emulation::WarpOperation;
  return hone::emulation::Shuffle(kShuffleDown, mask, value, static_cast<int>(delta), width);
}
template <hone::emulation::Shuffled T>
T __shfl_xor_sync(unsigned int mask, T value, int lane_mask, int width = warpSize) {
  using enum hone::emulation::WarpOperation;
  return hone::emulation::Shuffle(kShuffleXor, mask, value, lane_mask, width);
}

template <typename T>
T __ldg(const T* p) {
  return *p;
}
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline unsigned int __float_as_uint(float x) { return std::bit_cast<unsigned int>(x); }
inline float __uint_as_float(unsigned int x) { return std::bit_cast<float>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }

// Host side.

#define HONE_EMULATION_CUDA_ERRORS(X)                                                     \
  X(cudaSuccess, 0, "no error")                                                           \
  X(cudaErrorInvalidValue, 1, "invalid argument")                                         \
  X(cudaErrorMemoryAllocation, 2, "out of memory")                                        \
  X(cudaErrorInitializationError, 3, "initialization error")                              \
  X(cudaErrorInvalidConfiguration, 9, "invalid configuration argument")                   \
  X(cudaErrorInvalidMemcpyDirection, 21, "invalid copy direction for memcpy")             \
  X(cudaErrorInsufficientDriver, 35, "CUDA driver version is insufficient")               \
  X(cudaErrorNoDevice, 100, "no CUDA-capable device is detected")                         \
  X(cudaErrorInvalidDevice, 101, "invalid device ordinal")                                \
  X(cudaErrorInvalidResourceHandle, 400, "invalid resource handle")                       \
  X(cudaErrorIllegalState, 401, "the operation cannot be performed in the present state") \
  X(cudaErrorNotReady, 600, "device not ready")                                           \
  X(cudaErrorIllegalAddress, 700, "an illegal memory access was encountered")             \
  X(cudaErrorLaunchFailure, 719, "unspecified launch failure")                            \
  X(cudaErrorNotPermitted, 800, "operation not permitted")                                \
  X(cudaErrorNotSupported, 801, "operation not supported by the emulation")               \
  X(cudaErrorStreamCaptureUnsupported, 900, "not permitted in a capture")                 \
  X(cudaErrorStreamCaptureInvalidated, 901, "an earlier error ended the capture")         \
  X(cudaErrorStreamCaptureIsolation, 905, "a capture waits for work outside it")          \
  X(cudaErrorStreamCaptureImplicit, 906, "null stream used in a capture")                 \
  X(cudaErrorCapturedEvent, 907, "event recorded in a capture")                           \
  X(cudaErrorStreamCaptureWrongThread, 908, "capture of another thread")                  \
  X(cudaErrorUnknown, 999, "unknown error")

enum cudaError {
#define HONE_EMULATION_ENUMERATOR(name, value, text) name = value,
  HONE_EMULATION_CUDA_ERRORS(HONE_EMULATION_ENUMERATOR)
#undef HONE_EMULATION_ENUMERATOR
};
using cudaError_t = cudaError;

using cudaStream_t = struct CUstream_st*;
using cudaEvent_t = struct CUevent_st*;
using cudaGraph_t = struct CUgraph_st*;
using cudaGraphExec_t = struct CUgraphExec_st*;

#define cudaStreamDefault 0x00
#define cudaStreamNonBlocking 0x01
#define cudaStreamLegacy ((cudaStream_t)0x1)
#define cudaEventDefault 0x00
#define cudaEventBlockingSync 0x01
#define cudaEventDisableTiming 0x02
#define cudaHostAllocDefault 0x00

enum cudaMemcpyKind {
  cudaMemcpyHostToHost = 0,
  cudaMemcpyHostToDevice = 1,
  cudaMemcpyDeviceToHost = 2,
  cudaMemcpyDeviceToDevice = 3,
  cudaMemcpyDefault = 4,
};

enum cudaDeviceAttr {
  cudaDevAttrMaxThreadsPerBlock = 1,
  cudaDevAttrMaxSharedMemoryPerBlock = 8,
  cudaDevAttrWarpSize = 10,
  cudaDevAttrMultiProcessorCount = 16,
  cudaDevAttrL2CacheSize = 38,
  cudaDevAttrMaxThreadsPerMultiProcessor = 39,
  cudaDevAttrComputeCapabilityMajor = 75,
  cudaDevAttrComputeCapabilityMinor = 76,
  cudaDevAttrMaxSharedMemoryPerMultiprocessor = 81,
  cudaDevAttrMaxSharedMemoryPerBlockOptin = 97,
};

struct cudaDeviceProp {
  char name[256];
  size_t totalGlobalMem;
  size_t sharedMemPerBlock;
  int warpSize;
  int maxThreadsPerBlock;
  int maxThreadsDim[3];
  int maxGridSize[3];
  int major;
  int minor;
  int multiProcessorCount;
  int unifiedAddressing;
  int l2CacheSize;
  int maxThreadsPerMultiProcessor;
  size_t sharedMemPerMultiprocessor;
  size_t sharedMemPerBlockOptin;
};

cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDevice(int* device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* prop, int device);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attr, int device);
cudaError_t cudaDeviceSynchronize();
cudaError_t cudaMemGetInfo(size_t* free, size_t* total);

cudaError_t cudaGetLastError();
cudaError_t cudaPeekAtLastError();
const char* cudaGetErrorString(cudaError_t error);
const char* cudaGetErrorName(cudaError_t error);

// New memory holds 0xff bytes.
cudaError_t cudaMalloc(void** p, size_t size);
cudaError_t cudaFree(void* p);
cudaError_t cudaMallocHost(void** p, size_t size);
cudaError_t cudaHostAlloc(void** p, size_t size, unsigned int flags);
cudaError_t cudaFreeHost(void* p);
template <typename T>
cudaError_t cudaMalloc(T** p, size_t size) {
  return cudaMalloc(reinterpret_cast<void**>(p), size);
}
template <typename T>
cudaError_t cudaMallocHost(T** p, size_t size, unsigned int flags = 0) {
  return cudaHostAlloc(reinterpret_cast<void**>(p), size, flags);
}
template <typename T>
cudaError_t cudaHostAlloc(T** p, size_t size, unsigned int flags) {
  return cudaHostAlloc(reinterpret_cast<void**>(p), size, flags);
}

cudaError_t cudaMemcpy(void* dst, const void* src, size_t count, cudaMemcpyKind kind);
cudaError_t cudaMemcpyAsync(void* dst, const void* src, size_t count, cudaMemcpyKind kind,
                            cudaStream_t stream = nullptr);
cudaError_t cudaMemset(void* p, int value, size_t count);
cudaError_t cudaMemsetAsync(void* p, int value, size_t count, cudaStream_t stream = nullptr);

cudaError_t cudaStreamCreate(cudaStream_t* stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamQuery(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags = 0);

cudaError_t cudaEventCreate(cudaEvent_t* event);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags);
inline cudaError_t cudaEventCreate(cudaEvent_t* event, unsigned int flags) {
  return cudaEventCreateWithFlags(event, flags);
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = nullptr);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventQuery(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end);
cudaError_t cudaEventDestroy(cudaEvent_t event);

enum cudaStreamCaptureStatus {
  cudaStreamCaptureStatusNone = 0,
  cudaStreamCaptureStatusActive = 1,
  cudaStreamCaptureStatusInvalidated = 2,
};
enum cudaStreamCaptureMode {
  cudaStreamCaptureModeGlobal = 0,
  cudaStreamCaptureModeThreadLocal = 1,
  cudaStreamCaptureModeRelaxed = 2,
};

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph,
                                 unsigned long long flags = 0);
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);

enum cudaLaunchAttributeID {
  cudaLaunchAttributeIgnore = 0,
  cudaLaunchAttributeCooperative = 2,
  cudaLaunchAttributeClusterDimension = 4,
  cudaLaunchAttributeProgrammaticStreamSerialization = 6,
  cudaLaunchAttributePriority = 8,
};
union cudaLaunchAttributeValue {
  char pad[64];
  int cooperative;
  struct {
    unsigned int x, y, z;
  } clusterDim;
  int programmaticStreamSerializationAllowed;
  int priority;
};
struct cudaLaunchAttribute {
  cudaLaunchAttributeID id;
  cudaLaunchAttributeValue val;
};

struct cudaLaunchConfig_t {
  dim3 gridDim;
  dim3 blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
  cudaLaunchAttribute* attrs;
  unsigned int numAttrs;
};

namespace hone::emulation {

// `thread` is run once by each thread of the grid.
cudaError_t Launch(const cudaLaunchConfig_t& config, std::function<void()> thread);

}  // namespace hone::emulation

// Dynamic shared memory, clusters and cooperative launches give cudaErrorNotSupported.
template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  static_assert((!std::is_reference_v<Parameters> && ...), "a kernel takes its arguments by value");
  static_assert((std::is_trivially_copyable_v<Parameters> && ...));
  std::tuple<Parameters...> values = {std::forward<Arguments>(arguments)...};
  return hone::emulation::Launch(*config, [kernel, values] { std::apply(kernel, values); });
}

// For tests.
namespace hone::emulation {

// Calls that launch a kernel (or a product of cuBLAS), captured ones not counted.
int64_t NumKernelLaunches();
// Kernels (and products) that ran, those of graphs too.
int64_t NumKernelsRun();
int64_t NumGraphLaunches();

int64_t NumDeviceBytes();
int64_t NumPinnedBytes();

// The cudaMalloc after the next `num_before` ones fails, once.
void FailAllocationAfter(int num_before);
// cudaMalloc fails where more than `bytes` would be allocated in all. 4 GiB at the start.
void SetMemoryLimit(int64_t bytes);

}  // namespace hone::emulation

// NOLINTEND(readability-identifier-naming,google-explicit-constructor)

#endif  // HONE_TESTS_GPU_EMULATION_CUDA_RUNTIME_H_
