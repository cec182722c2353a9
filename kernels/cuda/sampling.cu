#include "kernels/cuda/numbers.h"
#include "kernels/cuda/runtime.h"
#include "kernels/cuda/sampling.h"
#include "kernels/scalar.h"

namespace hone::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kTile = 2048;  // probabilities that are summed in shared memory at a time
constexpr float kNothing = -3.0e38f;

__host__ __device__ constexpr int64_t RoundUp16(int64_t n) { return (n + 15) / 16 * 16; }

struct Best {
  float value;
  int token;
};

// The largest logit·scale, and where it comes first.
__device__ Best FindBest(const float* logits, int64_t vocab, float scale) {
  __shared__ Best found[kThreads];
  Best best = {kNothing, 0};
  for (int64_t j = threadIdx.x; j < vocab; j += kThreads) {
    const float z = logits[j] * scale;
    if (z > best.value) best = {z, static_cast<int>(j)};
  }
  found[threadIdx.x] = best;
  __syncthreads();
  for (int half = kThreads / 2; half >= 1; half /= 2) {
    if (static_cast<int>(threadIdx.x) < half) {
      const Best other = found[threadIdx.x + half];
      Best& own = found[threadIdx.x];
      if (other.value > own.value || (other.value == own.value && other.token < own.token)) {
        own = other;
      }
    }
    __syncthreads();
  }
  return found[0];
}

// p_j = exp(z_j − max) into p, and their sum in 16 lanes.
__device__ float Exponentials(const float* logits, int64_t vocab, float scale, float max,
                              float* p) {
  __shared__ float tile[kTile];
  __shared__ float lanes[16];
  float lane = 0.0f;
  for (int64_t begin = 0; begin < vocab; begin += kTile) {
    const int64_t rest = RoundUp16(vocab) - begin;
    const int size = static_cast<int>(rest < kTile ? rest : kTile);
    for (int i = threadIdx.x; i < size; i += kThreads) {
      const int64_t j = begin + i;
      tile[i] = j < vocab ? Exp(logits[j] * scale - max) : 0.0f;
      p[j] = tile[i];
    }
    __syncthreads();
    if (threadIdx.x < 16) {
      for (int i = threadIdx.x; i < size; i += 16) lane = lane + tile[i];
    }
    __syncthreads();
  }
  if (threadIdx.x < 16) lanes[threadIdx.x] = lane;
  __syncthreads();
  __shared__ float sum;
  if (threadIdx.x == 0) sum = SumOf16(lanes);
  __syncthreads();
  return sum;
}

// DrawFromAll of kernels/sampling.cc: thread 0 gets the token.
__device__ int DrawFromAll(const float* p, int64_t vocab, double uniform, double* chunks) {
  const int64_t num_chunks = (vocab + kDrawChunk - 1) / kDrawChunk;
  for (int64_t c = threadIdx.x; c < num_chunks; c += kThreads) {
    const int64_t begin = c * kDrawChunk;
    const int64_t end = begin + kDrawChunk < vocab ? begin + kDrawChunk : vocab;
    double sum = 0;
#pragma unroll 8
    for (int64_t j = begin; j < end; ++j) sum += p[j];
    chunks[c] = sum;
  }
  __syncthreads();
  if (threadIdx.x > 0) return 0;
  double total = 0;
  for (int64_t c = 0; c < num_chunks; ++c) total += chunks[c];
  const double wanted = uniform * total;
  int64_t chunk = 0;
  double cumulative = 0;
  for (; chunk + 1 < num_chunks && cumulative + chunks[chunk] <= wanted; ++chunk) {
    cumulative += chunks[chunk];
  }
  int token = 0;
  for (int64_t j = chunk * kDrawChunk; j < (chunk + 1) * kDrawChunk && j < vocab; ++j) {
    if (p[j] > 0) token = static_cast<int>(j);
    cumulative += p[j];
    if (cumulative > wanted) break;
  }
  return token;
}

// One block for each draw.
__global__ void SampleKernel(const DeviceDraw* draws, int64_t vocab, float* scratch,
                             int64_t scratch_floats, SampledToken* drawn) {
  const DeviceDraw draw = draws[blockIdx.x];
  float* const p = scratch + blockIdx.x * scratch_floats;
  auto* const chunks = reinterpret_cast<double*>(p + RoundUp16(vocab));
  const Best best = FindBest(draw.logits, vocab, draw.scale);
  const float sum = Exponentials(draw.logits, vocab, draw.scale, best.value, p);
  const int token = draw.most_likely ? best.token : DrawFromAll(p, vocab, draw.uniform, chunks);
  if (threadIdx.x == 0) {
    drawn[blockIdx.x] = {token, (draw.logits[token] * draw.scale - best.value) - Log(sum)};
  }
}

}  // namespace

int64_t ScratchFloats(int64_t vocab) {
  const int64_t num_chunks = (vocab + kDrawChunk - 1) / kDrawChunk;
  return RoundUp16(vocab) + RoundUp16(2 * num_chunks);
}

void SampleTokens(const DeviceDraw* draws, int64_t count, int64_t vocab, float* scratch,
                  SampledToken* drawn, cudaStream_t stream) {
  if (count == 0) return;
  Launch("sampling", dim3(count), dim3(kThreads), stream, SampleKernel, draws, vocab, scratch,
         ScratchFloats(vocab), drawn);
}

}  // namespace hone::cuda
