// Linear layers on a GPU. T is float, or __nv_bfloat16: numbers that are rounded to it. Pointers
// are the device's; all run on `stream`.
#ifndef HONE_KERNELS_CUDA_MATMUL_H_
#define HONE_KERNELS_CUDA_MATMUL_H_

#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda/runtime.h"

namespace hone::cuda {

// y [rows, n] = x·Wᵀ + bias, or y + that where `add` is set, with x [rows, k] and W [n, k] as a
// checkpoint has it. `bias` [n] may be null. Out is T or float.
template <typename T, typename Out>
struct LinearArguments {
  const T* x;
  const T* w;
  const float* bias;
  Out* y;
  int64_t rows, n, k;
  bool add = false;
};

// With the bits of Linear and LinearAdd in kernels/linear.h: one chain of multiply-adds in
// increasing k for each element, in fp32.
template <typename T, typename Out>
void ExactLinear(const LinearArguments<T, Out>& arguments, cudaStream_t stream);

// By cuBLAS, on tensor cores in bfloat16: sums in an order of its own, so that bits depend on the
// number of rows.
class Blas {
 public:
  explicit Blas(cudaStream_t stream);
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;
  ~Blas();

  template <typename T, typename Out>
  void Linear(const LinearArguments<T, Out>& arguments);

 private:
  cudaStream_t stream_;
  cublasHandle_t handle_ = nullptr;
  DeviceArray<char> workspace_;  // its own, so that its calls can be captured in graphs
};

}  // namespace hone::cuda

#endif  // HONE_KERNELS_CUDA_MATMUL_H_
