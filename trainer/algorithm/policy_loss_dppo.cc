#include "trainer/algorithm/policy_loss_dppo.h"

#include <cmath>

#include "trainer/algorithm/bounded_exp.h"

namespace hone {

std::vector<TokenLoss> DppoLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence) {
  const double advantage = sequence.advantage;
  std::vector<TokenLoss> tokens(sequence.logprobs.size());
  for (size_t t = 0; t < tokens.size(); ++t) {
    const double logprob = sequence.logprobs[t], old = sequence.old_logprobs[t];
    const double moved = std::exp(logprob) - std::exp(old);
    tokens[t].clipped = (advantage > 0 && moved > algorithm.clip_high) ||
                        (advantage < 0 && -moved > algorithm.clip_low);
    if (tokens[t].clipped) continue;
    const BoundedExp ratio = ExpWithin(logprob - old, algorithm.log_ratio_limit);
    tokens[t].loss = -ratio.value * advantage;
    if (ratio.free) tokens[t].gradient = tokens[t].loss;
  }
  return tokens;
}

}  // namespace hone
