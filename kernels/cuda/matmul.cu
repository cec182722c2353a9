#include "kernels/cuda/matmul.h"

#include <string>
#include <type_traits>

#include "kernels/cuda/numbers.h"
#include "kernels/cuda/pointwise.h"

namespace hone::cuda {
namespace {

// A block computes kRows × kColumns elements of y, each thread kEach × kEach of them, from tiles of
// x and W that all its threads bring into shared memory. Elements of a thread are a block's stride
// apart, so that neighbours read neighbours.
constexpr int kTileK = 32;
constexpr int kThreads = 256;
constexpr int64_t kWorkspaceBytes = int64_t{32} << 20;

template <typename T, typename Out, int kRows, int kColumns, int kEachRow, int kEachColumn>
__global__ void __launch_bounds__(kThreads) ExactLinearKernel(LinearArguments<T, Out> a) {
  constexpr int kAcross = kColumns / kEachColumn;  // threads along a row
  constexpr int kDown = kRows / kEachRow;
  static_assert(kAcross * kDown == kThreads);
  __shared__ float x_tile[kTileK][kRows + 1];
  __shared__ float w_tile[kTileK][kColumns + 1];
  const int64_t first_row = int64_t{blockIdx.y} * kRows;
  const int64_t first_column = int64_t{blockIdx.x} * kColumns;
  const int across = threadIdx.x % kAcross, down = threadIdx.x / kAcross;
  float sum[kEachRow][kEachColumn] = {};
  for (int64_t k0 = 0; k0 < a.k; k0 += kTileK) {
    const int depth = static_cast<int>(a.k - k0 < kTileK ? a.k - k0 : kTileK);
    for (int i = threadIdx.x; i < kRows * kTileK; i += kThreads) {
      const int64_t row = first_row + i / kTileK;
      const int k = i % kTileK;
      if (row < a.rows && k < depth) x_tile[k][i / kTileK] = ToFloat(a.x[row * a.k + k0 + k]);
    }
    for (int i = threadIdx.x; i < kColumns * kTileK; i += kThreads) {
      const int64_t column = first_column + i / kTileK;
      const int k = i % kTileK;
      if (column < a.n && k < depth) w_tile[k][i / kTileK] = ToFloat(a.w[column * a.k + k0 + k]);
    }
    __syncthreads();
    for (int k = 0; k < depth; ++k) {
      float x[kEachRow], w[kEachColumn];
#pragma unroll
      for (int i = 0; i < kEachRow; ++i) x[i] = x_tile[k][down + i * kDown];
#pragma unroll
      for (int j = 0; j < kEachColumn; ++j) w[j] = w_tile[k][across + j * kAcross];
#pragma unroll
      for (int i = 0; i < kEachRow; ++i) {
#pragma unroll
        for (int j = 0; j < kEachColumn; ++j) sum[i][j] = fmaf(x[i], w[j], sum[i][j]);
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < kEachRow; ++i) {
    for (int j = 0; j < kEachColumn; ++j) {
      const int64_t row = first_row + down + i * kDown,
                    column = first_column + across + j * kAcross;
      if (row >= a.rows || column >= a.n) continue;
      float value = sum[i][j];
      if (a.bias != nullptr) value = value + a.bias[column];
      Out* const y = a.y + row * a.n + column;
      if (a.add) value = ToFloat(*y) + Round<Out>(value);
      *y = FromFloat<Out>(value);
    }
  }
}

template <typename T>
constexpr cudaDataType_t kDataType = std::is_same_v<T, float> ? CUDA_R_32F : CUDA_R_16BF;

void Check(cublasStatus_t status) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceError(std::string("GPU, cuBLAS: ") + cublasGetStatusString(status));
}

dim3 Tiles(int64_t columns, int64_t rows) {
  return dim3(static_cast<unsigned>(columns), static_cast<unsigned>(rows));
}

}  // namespace

template <typename T, typename Out>
void ExactLinear(const LinearArguments<T, Out>& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  if (a.rows <= 16) {
    Launch("product", Tiles((a.n + 31) / 32, 1), dim3(kThreads), stream,
           ExactLinearKernel<T, Out, 16, 32, 1, 2>, a);
  } else {
    Launch("product", Tiles((a.n + 63) / 64, (a.rows + 63) / 64), dim3(kThreads), stream,
           ExactLinearKernel<T, Out, 64, 64, 4, 4>, a);
  }
}

Blas::Blas(cudaStream_t stream) : stream_(stream), workspace_(kWorkspaceBytes) {
  Check(cublasCreate(&handle_));
  Check(cublasSetStream(handle_, stream));
  Check(cublasSetWorkspace(handle_, workspace_.data(), kWorkspaceBytes));
}

Blas::~Blas() { cublasDestroy(handle_); }

// cuBLAS counts by columns: there x and W are their own transposes, and so is y.
template <typename T, typename Out>
void Blas::Linear(const LinearArguments<T, Out>& a) {
  if (a.rows == 0) return;
  const float alpha = 1.0f, beta = a.add ? 1.0f : 0.0f;
  Check(cublasGemmEx(handle_, CUBLAS_OP_T, CUBLAS_OP_N, static_cast<int>(a.n),
                     static_cast<int>(a.rows), static_cast<int>(a.k), &alpha, a.w, kDataType<T>,
                     static_cast<int>(a.k), a.x, kDataType<T>, static_cast<int>(a.k), &beta, a.y,
                     kDataType<Out>, static_cast<int>(a.n), CUBLAS_COMPUTE_32F,
                     CUBLAS_GEMM_DEFAULT));
  if (a.bias != nullptr) AddBias(a.bias, a.rows, a.n, a.y, stream_);
}

#define HONE_INSTANTIATE(T, Out)                                           \
  template void ExactLinear(const LinearArguments<T, Out>&, cudaStream_t); \
  template void Blas::Linear(const LinearArguments<T, Out>&);
HONE_INSTANTIATE(float, float)
HONE_INSTANTIATE(__nv_bfloat16, float)
HONE_INSTANTIATE(__nv_bfloat16, __nv_bfloat16)
#undef HONE_INSTANTIATE

}  // namespace hone::cuda
