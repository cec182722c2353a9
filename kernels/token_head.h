// From the last hidden states to log-probabilities and back, without all logits at once and
// without a packed copy of the head: [rows, vocab] is walked through in pieces.
//
// Forward, some rows meet the whole vocabulary: the softmax needs a row's largest logit before its
// first exponential, and the bits shall be the sampler's (kernels/loss.h). Backward, all rows meet
// one tile of the vocabulary after the other, with each row's softmax kept from the forward pass:
// so the head and its gradient are read once. Pieces do not show in the bits: every sum is one
// chain that goes on from piece to piece.
//
// Memory besides the arguments: a sixteenth of the full logits (at least 4 MiB, at most 128 MiB)
// forward; 16 MiB or 256 columns of all rows, whichever is more, backward; and a packed tile of the
// head of at most 16 MiB. All run on the thread pool.
#ifndef HONE_KERNELS_TOKEN_HEAD_H_
#define HONE_KERNELS_TOKEN_HEAD_H_

#include <cstdint>

#include "kernels/loss.h"
#include "kernels/precision.h"

namespace hone {

// logits = normed · headᵀ, with normed [rows, hidden], head [vocab, hidden].
struct TokenHead {
  const float* head;
  int64_t vocab;
  int64_t hidden;
  float scale;                                // of the logits: LogitScale(temperature)
  Precision precision = Precision::kFloat32;  // with kBFloat16 head and normed are rounded already
};

// What the model says of targets [rows]. All are [rows].
struct TokenPredictions {
  float* logprobs;
  float* entropies;
  RowSoftmax* softmax;  // for TokenHeadBackward; may be null without it
};
void TokenHeadForward(const TokenHead& head, const float* normed, int64_t rows,
                      const int32_t* targets, const TokenPredictions& predictions);

// The gradient of Σ_i (dlogprobs[i]·logprobs[i] + dentropies[i]·entropies[i]): dnormed
// [rows, hidden] is overwritten, dhead [vocab, hidden] added to. dentropies may be null.
void TokenHeadBackward(const TokenHead& head, const float* normed, int64_t rows,
                       const int32_t* targets, const TokenPredictions& predictions,
                       const float* dlogprobs, const float* dentropies, float* dnormed,
                       float* dhead);

}  // namespace hone

#endif  // HONE_KERNELS_TOKEN_HEAD_H_
