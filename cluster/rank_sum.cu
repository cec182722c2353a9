#include "cluster/rank_sum.h"

namespace hone {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kMaxBlocks = 4096;

unsigned NumBlocks(int64_t n) {
  const int64_t blocks = (n + kThreads - 1) / kThreads;
  return static_cast<unsigned>(blocks < kMaxBlocks ? blocks : kMaxBlocks);
}

__global__ void AddFloats(const float* parts, const float* own, int rank, int size, int64_t n,
                          float* sum) {
  const int64_t stride = int64_t{gridDim.x} * kThreads;
  for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < n; i += stride) {
    float total = sum[i];
    for (int r = 0; r < size; ++r) total += r == rank ? own[i] : parts[r * n + i];
    sum[i] = total;
  }
}

__global__ void SumDoubles(const double* parts, int size, int64_t n, double* sum) {
  const int64_t stride = int64_t{gridDim.x} * kThreads;
  for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < n; i += stride) {
    double total = 0;
    for (int r = 0; r < size; ++r) total += parts[r * n + i];
    sum[i] = total;
  }
}

}  // namespace

cudaError_t AddRankParts(const float* parts, const float* own, int rank, int size, int64_t n,
                         float* sum, cudaStream_t stream) {
  if (n == 0) return cudaSuccess;
  AddFloats<<<NumBlocks(n), kThreads, 0, stream>>>(parts, own, rank, size, n, sum);
  return cudaGetLastError();
}

cudaError_t SumRankParts(const double* parts, int size, int64_t n, double* sum,
                         cudaStream_t stream) {
  if (n == 0) return cudaSuccess;
  SumDoubles<<<NumBlocks(n), kThreads, 0, stream>>>(parts, size, n, sum);
  return cudaGetLastError();
}

}  // namespace hone
