// Sums over ranks on a GPU, in the order of the ranks.
#ifndef HONE_CLUSTER_RANK_SUM_H_
#define HONE_CLUSTER_RANK_SUM_H_

#include <cuda_runtime.h>

#include <cstdint>

namespace hone {

// sum [n] = ((sum + part₀) + part₁) + …; partᵣ [n] is own [n] for r = rank, else parts + r·n.
cudaError_t AddRankParts(const float* parts, const float* own, int rank, int size, int64_t n,
                         float* sum, cudaStream_t stream);

// sum [n] = parts₀ + parts₁ + …, of parts [size·n].
cudaError_t SumRankParts(const double* parts, int size, int64_t n, double* sum,
                         cudaStream_t stream);

}  // namespace hone

#endif  // HONE_CLUSTER_RANK_SUM_H_
