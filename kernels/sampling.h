// Draws a token from a row of logits with counter-based randomness: the draw is a pure function of
// its arguments.
#ifndef HONE_KERNELS_SAMPLING_H_
#define HONE_KERNELS_SAMPLING_H_

#include <cstdint>

namespace hone {

struct SampleOptions {
  float temperature = 1.0f;  // 0: the most likely token, the first of equals
  float top_p = 1.0f;        // the smallest set of most likely tokens with this much probability
  int top_k = 0;             // at most so many most likely tokens; 0: all. Applied before top_p
};

// Names a draw. `position` counts the completion's tokens from 0.
struct SampleKey {
  uint64_t seed = 0;
  uint64_t prompt_id = 0;
  uint32_t sample_index = 0;
  uint32_t position = 0;
};

struct SampledToken {
  int32_t token;
  float logprob;  // under the full softmax at the temperature (at 1 when it is 0)
};

// By inversion: the first token, in order of its id (or of its probability, when top_p or top_k
// cut), at which the cumulative probability exceeds a uniform number of 32 bits. Probabilities are
// added in double, in that order; in order of ids, those of each kDrawChunk tokens first and then
// these sums, so that a GPU need not go through the vocabulary one by one.
inline constexpr int64_t kDrawChunk = 256;
SampledToken SampleToken(const float* logits, int64_t vocab, const SampleOptions& options,
                         const SampleKey& key);

// The uniform number of a draw, in [0, 1).
double DrawUniform(const SampleKey& key);

// The factor on logits before the softmax: 1/temperature, or 1 when the temperature is 0.
float LogitScale(float temperature);

}  // namespace hone

#endif  // HONE_KERNELS_SAMPLING_H_
