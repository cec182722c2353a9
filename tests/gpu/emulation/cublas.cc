#include <algorithm>
#include <cstdint>

#include "cublas_v2.h"
#include "tests/gpu/emulation/block.h"
#include "tests/gpu/emulation/device.h"

struct cublasContext {
  cudaStream_t stream = nullptr;
};

using namespace hone::emulation;  // cuBLAS's functions are global

namespace {

struct Matrix {
  void* data;
  cudaDataType type;
  int64_t row_stride, column_stride;  // elements
};

bool IsOnDevice(const void* data, cudaDataType type, int rows, int columns, int stride) {
  if (rows == 0 || columns == 0) return true;
  const int64_t elements = int64_t{columns - 1} * stride + rows;
  const int64_t num_bytes = elements * (type == CUDA_R_32F ? 4 : 2);
  return PlaceOf(TheDevice(), data, static_cast<size_t>(num_bytes)) == Place::kDevice;
}

float Read(const Matrix& m, int64_t row, int64_t column) {
  const int64_t i = row * m.row_stride + column * m.column_stride;
  if (m.type == CUDA_R_32F) return static_cast<const float*>(m.data)[i];
  return __bfloat162float(static_cast<const __nv_bfloat16*>(m.data)[i]);
}

void Write(const Matrix& m, int64_t row, int64_t column, float value) {
  const int64_t i = row * m.row_stride + column * m.column_stride;
  if (m.type == CUDA_R_32F) {
    static_cast<float*>(m.data)[i] = value;
  } else {
    static_cast<__nv_bfloat16*>(m.data)[i] = __float2bfloat16_rn(value);
  }
}

void Multiply(int m, int n, int k, float alpha, const Matrix& a, const Matrix& b, float beta,
              const Matrix& c) {
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < m; ++i) {
      float sum = 0;
      for (int l = 0; l < k; ++l) sum += Read(a, i, l) * Read(b, l, j);
      // With beta 0, C may hold NaNs.
      Write(c, i, j, beta == 0 ? alpha * sum : alpha * sum + beta * Read(c, i, j));
    }
  }
}

}  // namespace

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  const Lock lock(TheDevice().mutex);
  if (RefuseInCapture(TheDevice()) != cudaSuccess) return CUBLAS_STATUS_ALLOC_FAILED;
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, size_t num_bytes) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  const Lock lock(TheDevice().mutex);
  if (num_bytes > 0 && (PlaceOf(TheDevice(), workspace, num_bytes) != Place::kDevice ||
                        reinterpret_cast<uintptr_t>(workspace) % 256 != 0)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t /*mode*/) {
  return handle == nullptr ? CUBLAS_STATUS_NOT_INITIALIZED : CUBLAS_STATUS_SUCCESS;
}

const char* cublasGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_ARCH_MISMATCH:
      return "CUBLAS_STATUS_ARCH_MISMATCH";
    case CUBLAS_STATUS_MAPPING_ERROR:
      return "CUBLAS_STATUS_MAPPING_ERROR";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_INTERNAL_ERROR:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    case CUBLAS_STATUS_LICENSE_ERROR:
      return "CUBLAS_STATUS_LICENSE_ERROR";
  }
  return "CUBLAS_STATUS_UNKNOWN";
}

const char* cublasGetStatusString(cublasStatus_t status) { return cublasGetStatusName(status); }

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transa,
                            cublasOperation_t transb, int m, int n, int k, const void* alpha,
                            const void* A, cudaDataType Atype, int lda, const void* B,
                            cudaDataType Btype, int ldb, const void* beta, void* C,
                            cudaDataType Ctype, int ldc, cublasComputeType_t computeType,
                            cublasGemmAlgo_t /*algo*/) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  const bool plain_a = transa == CUBLAS_OP_N, plain_b = transb == CUBLAS_OP_N;
  const int rows_a = plain_a ? m : k, rows_b = plain_b ? k : n;
  if (m < 0 || n < 0 || k < 0 || alpha == nullptr || beta == nullptr || lda < std::max(1, rows_a) ||
      ldb < std::max(1, rows_b) || ldc < std::max(1, m)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (Atype != Btype || (Atype == CUDA_R_32F && Ctype != CUDA_R_32F) ||
      computeType != CUBLAS_COMPUTE_32F) {
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  Device& device = TheDevice();
  const Lock lock(device.mutex);
  const int columns_a = plain_a ? k : m, columns_b = plain_b ? n : k;
  const auto on_device = [=] {
    return IsOnDevice(A, Atype, rows_a, columns_a, lda) &&
           IsOnDevice(B, Btype, rows_b, columns_b, ldb) && IsOnDevice(C, Ctype, m, n, ldc);
  };
  if (!on_device()) return CUBLAS_STATUS_INVALID_VALUE;
  const auto stream = Find(device, handle->stream);
  if (stream == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  const Matrix a{const_cast<void*>(A), Atype, plain_a ? 1 : lda, plain_a ? lda : 1};
  const Matrix b{const_cast<void*>(B), Btype, plain_b ? 1 : ldb, plain_b ? ldb : 1};
  const Matrix c{C, Ctype, 1, ldc};
  const float alpha_value = *static_cast<const float*>(alpha);
  const float beta_value = *static_cast<const float*>(beta);
  const cudaError_t error = EnqueueKernel(device, stream, [=] {
    if (!on_device()) Abort("a product runs after its memory was freed");
    Multiply(m, n, k, alpha_value, a, b, beta_value, c);
  });
  return error == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
