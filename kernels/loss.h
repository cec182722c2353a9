// Log-probabilities of chosen tokens from rows of logits, and the gradient back to the logits.
// Rows are `vocab` long and `stride` apart; stride is a multiple of 16, at least vocab, and the
// kernels use the room in between. Run on the thread pool.
#ifndef HONE_KERNELS_LOSS_H_
#define HONE_KERNELS_LOSS_H_

#include <cstdint>

namespace hone {

// A row's softmax as its gradient needs it again: max z, and Σ exp(z − max).
struct RowSoftmax {
  float max, sum;
};

// With z = logits·scale: logprobs[i] = z[target] − log Σ exp z, the very number that the sampler
// reports; entropies[i] = −Σ p log p (may be null); softmax [rows] (may be null). Destroys the
// logits.
void LogProbRows(float* logits, int64_t rows, int64_t vocab, int64_t stride, float scale,
                 const int32_t* targets, float* logprobs, float* entropies,
                 RowSoftmax* softmax = nullptr);

// Turns logits into the gradient of Σ_i (dlogprobs[i]·logprobs[i] + dentropies[i]·entropies[i]):
// dz_j = dlogprob·(1[j = target] − p_j) − dentropy·p_j·(log p_j + entropy), times scale; for the
// tile of `columns` logits from column `first` of the vocabulary, whose rows follow one another
// without room in between. softmax and entropies are what LogProbRows gave for whole rows.
// dentropies may be null.
void LogProbTileBackward(float* logits, int64_t rows, int64_t first, int64_t columns, float scale,
                         const int32_t* targets, const RowSoftmax* softmax, const float* entropies,
                         const float* dlogprobs, const float* dentropies);

}  // namespace hone

#endif  // HONE_KERNELS_LOSS_H_
