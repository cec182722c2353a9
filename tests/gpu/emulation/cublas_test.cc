#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "cublas_v2.h"
#include "cuda_bf16.h"
#include "cuda_runtime.h"
#include "gtest/gtest.h"
#include "tests/gpu/emulation/emulation_fixture.h"

namespace hone::emulation {
namespace {

class GemmTest : public EmulationTest {
 protected:
  void SetUp() override {
    EmulationTest::SetUp();
    ASSERT_EQ(cublasCreate(&handle_), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cublasSetStream(handle_, stream_), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cublasSetMathMode(handle_, CUBLAS_DEFAULT_MATH), CUBLAS_STATUS_SUCCESS);
  }
  void TearDown() override {
    EXPECT_EQ(cublasDestroy(handle_), CUBLAS_STATUS_SUCCESS);
    EmulationTest::TearDown();
  }
  cublasStatus_t Gemm(cublasOperation_t transa, cublasOperation_t transb, const void* a, int lda,
                      const void* b, int ldb, cudaDataType type, float beta, void* c, int ldc,
                      cudaDataType c_type) {
    const float alpha = 0.5f;
    return cublasGemmEx(handle_, transa, transb, kM, kN, kK, &alpha, a, type, lda, b, type, ldb,
                        &beta, c, c_type, ldc, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
  }

  static constexpr int kM = 5, kN = 4, kK = 7;
  cublasHandle_t handle_ = nullptr;
};

// Small integers: every sum is exact, and so are halves of them in bfloat16.
float ValueOf(int i) { return static_cast<float>(i * 7 % 5 - 2); }

template <typename T>
T Convert(float x) {
  if constexpr (std::is_same_v<T, float>) {
    return x;
  } else {
    return __float2bfloat16_rn(x);
  }
}
float AsFloat(float x) { return x; }
float AsFloat(__nv_bfloat16 x) { return __bfloat162float(x); }

template <typename T>
std::vector<T> Values(int size) {
  std::vector<T> values;
  for (int i = 0; i < size; ++i) values.push_back(Convert<T>(ValueOf(i)));
  return values;
}

TEST_F(GemmTest, MatchesAPlainLoop) {
  const auto check = [&]<typename In, typename Out>(In, Out, cudaDataType type,
                                                    cudaDataType out_type) {
    constexpr int kLda = 9, kLdb = 8, kLdc = 6;
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        for (const float beta : {0.0f, 2.0f}) {
          const DeviceArray<In> a(Values<In>(kLda * kK)), b(Values<In>(kLdb * kK));
          const DeviceArray<Out> c(Values<Out>(kLdc * kN));
          ASSERT_EQ(
              Gemm(transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N, transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
                   a.get(), kLda, b.get(), kLdb, type, beta, c.get(), kLdc, out_type),
              CUBLAS_STATUS_SUCCESS);
          ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
          const auto result = c.Values();
          for (int i = 0; i < kLdc * kN; ++i) {
            const int row = i % kLdc, column = i / kLdc;
            float expected = ValueOf(i);
            if (row < kM) {
              expected *= beta;
              for (int l = 0; l < kK; ++l) {
                expected += 0.5f * ValueOf(transpose_a ? l + row * kLda : row + l * kLda) *
                            ValueOf(transpose_b ? column + l * kLdb : l + column * kLdb);
              }
            }
            ASSERT_EQ(AsFloat(result[i]), expected) << row << " " << column;
          }
        }
      }
    }
  };
  check(float{}, float{}, CUDA_R_32F, CUDA_R_32F);
  check(__nv_bfloat16{}, float{}, CUDA_R_16BF, CUDA_R_32F);
  check(__nv_bfloat16{}, __nv_bfloat16{}, CUDA_R_16BF, CUDA_R_16BF);
}

TEST_F(GemmTest, IsCapturedAndRunsLate) {
  const DeviceArray<float> a(Values<float>(kM * kK)), b(Values<float>(kK * kN)), c(kM * kN);
  const int64_t launched = NumKernelLaunches();
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
  ASSERT_EQ(Gemm(CUBLAS_OP_N, CUBLAS_OP_N, a.get(), kM, b.get(), kK, CUDA_R_32F, 0, c.get(), kM,
                 CUDA_R_32F),
            CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(exec, stream_), cudaSuccess);
  EXPECT_TRUE(std::isnan(c.Values()[0]));
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_FALSE(std::isnan(c.Values()[0]));  // beta 0 does not read C
  EXPECT_EQ(NumKernelLaunches(), launched);
  EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

TEST_F(GemmTest, RefusesWrongShapesAndTypes) {
  const DeviceArray<float> a(Values<float>(kM * kK)), b(Values<float>(kK * kN)), c(kM * kN);
  const auto gemm = [&](cublasOperation_t transa, int lda, int ldb, int ldc, cudaDataType type,
                        cudaDataType c_type) {
    return Gemm(transa, CUBLAS_OP_N, a.get(), lda, b.get(), ldb, type, 0, c.get(), ldc, c_type);
  };
  EXPECT_EQ(gemm(CUBLAS_OP_N, kM, kK, kM, CUDA_R_32F, CUDA_R_32F), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(gemm(CUBLAS_OP_T, kM, kK, kM, CUDA_R_32F, CUDA_R_32F), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(gemm(CUBLAS_OP_N, kM, kK - 1, kM, CUDA_R_32F, CUDA_R_32F), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(gemm(CUBLAS_OP_N, kM, kK, kM - 1, CUDA_R_32F, CUDA_R_32F), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(gemm(CUBLAS_OP_N, kM, kK, kM + 1, CUDA_R_32F, CUDA_R_32F),
            CUBLAS_STATUS_INVALID_VALUE);  // leaves the allocation
  EXPECT_EQ(gemm(CUBLAS_OP_N, kM, kK, kM, CUDA_R_32F, CUDA_R_16BF), CUBLAS_STATUS_NOT_SUPPORTED);
}

}  // namespace
}  // namespace hone::emulation
