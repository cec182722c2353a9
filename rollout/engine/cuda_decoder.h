// The decoder on a GPU. Exact, it has the bits of the CPU's decoder, so that a learner on a CPU
// finds the log-probs of its samples again; else products are cuBLAS's (tensor cores in bfloat16)
// and long contexts are attended to in parts: faster, and the same up to rounding.
//
// A pass is the same whatever the rows are: each row has a token, a position and a sequence's
// blocks. A pass in which every row wants logits (decoding, with or without guesses) is recorded as
// a CUDA graph for its number of rows, and played from then on.
#ifndef HONE_ROLLOUT_ENGINE_CUDA_DECODER_H_
#define HONE_ROLLOUT_ENGINE_CUDA_DECODER_H_

#include <cstdint>
#include <memory>

#include "rollout/engine/decoder.h"

namespace hone {

std::shared_ptr<const DecoderWeights> MakeCudaWeights(const Weights& weights,
                                                      const DecoderOptions& options);
std::unique_ptr<Decoder> MakeCudaDecoder(const ModelConfig& config, const DecoderOptions& options,
                                         int64_t num_blocks);
int64_t CudaBlockBytes(const ModelConfig& config, Precision precision);
Status CheckForGpu();
GpuReport ExamineCudaGpu(const DecoderOptions& options);

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_CUDA_DECODER_H_
