// Draws tokens on a GPU, with the bits of SampleToken (kernels/sampling.h) where neither top_k nor
// top_p cuts.
#ifndef HONE_KERNELS_CUDA_SAMPLING_H_
#define HONE_KERNELS_CUDA_SAMPLING_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/sampling.h"

namespace hone::cuda {

struct DeviceDraw {
  const float* logits;  // [vocab], on the device
  float scale;          // LogitScale()
  bool most_likely;     // instead of a draw
  double uniform;       // DrawUniform()
};

// drawn[i] of draws[i], both on the device. `scratch` has ScratchFloats() floats for each draw.
void SampleTokens(const DeviceDraw* draws, int64_t count, int64_t vocab, float* scratch,
                  SampledToken* drawn, cudaStream_t stream);

int64_t ScratchFloats(int64_t vocab);

}  // namespace hone::cuda

#endif  // HONE_KERNELS_CUDA_SAMPLING_H_
