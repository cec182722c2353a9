// The length rewards: what a completion's length alone is worth.
//
// `length`: nothing up to `target`, then less and less, down to -1 at `limit` and beyond:
//   reward = -clamp((n - target) / (limit - target), 0, 1)
// Outcome: `correct` up to the target, else `incorrect`. (The overlong penalty of DAPO, arXiv
// 2503.14476, has this form; algorithm.overlong_buffer_tokens is the one that keeps to max_tokens.)
//
// `length_cosine`: the cosine of Yeo et al. 2025 (arXiv 2502.03373, section 4): with n the length,
// L the limit and (a, b) what a correct or a wrong answer is worth at length 0 and at L,
//   reward = b + (a - b) · (1 + cos(π n / L)) / 2   for n < L,   `beyond` from L on.
// Correct and wrong are what the first term of the stage's reward says, and the outcome is that one
// too; as the first term itself it calls every completion wrong.
//
// n counts tokens, or characters (of UTF-8). Where the number of tokens is asked for and is not
// known, as in hone grade without "completion_tokens", the outcome is `error`.
#ifndef HONE_REWARD_LENGTH_H_
#define HONE_REWARD_LENGTH_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

std::unique_ptr<Verifier> MakeLengthVerifier(const LengthSpec& spec);
std::unique_ptr<Verifier> MakeLengthCosineVerifier(const LengthCosineSpec& spec);

}  // namespace hone

#endif  // HONE_REWARD_LENGTH_H_
