// The soft punishment of long completions (DAPO, Yu et al. 2025, arXiv 2503.14476, equation 13),
// added to a sample's reward:
//
//   0                         up to L − B tokens,
//   −p·(n − (L − B)) / B      from there,
//   −p                        from L on
//
// L is sampling.max_tokens, B overlong_buffer_tokens and p overlong_penalty.
#ifndef HONE_TRAINER_ALGORITHM_OVERLONG_H_
#define HONE_TRAINER_ALGORITHM_OVERLONG_H_

#include <cstdint>

#include "config/experiment.h"

namespace hone {

// What a completion of this many tokens has added to its reward: 0 or less.
double OverlongReward(const AlgorithmSpec& algorithm, int64_t tokens, int64_t max_tokens);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_OVERLONG_H_
