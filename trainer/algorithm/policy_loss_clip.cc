#include "trainer/algorithm/policy_loss_clip.h"

#include <algorithm>

#include "trainer/algorithm/bounded_exp.h"

namespace hone {

std::vector<TokenLoss> ClipLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence) {
  const double advantage = sequence.advantage;
  const double low = 1 - algorithm.clip_low, high = 1 + algorithm.clip_high;
  std::vector<TokenLoss> tokens(sequence.logprobs.size());
  for (size_t t = 0; t < tokens.size(); ++t) {
    const BoundedExp ratio =
        ExpWithin(sequence.logprobs[t] - sequence.old_logprobs[t], algorithm.log_ratio_limit);
    const double plain = ratio.value * advantage;
    const double clipped = std::clamp(ratio.value, low, high) * advantage;
    tokens[t].loss = -std::min(plain, clipped);
    tokens[t].clipped = plain > clipped;  // the minimum is the clipped term
    if (algorithm.dual_clip && advantage < 0) {
      const double bound = -*algorithm.dual_clip * advantage;
      tokens[t].clipped |= tokens[t].loss > bound;
      tokens[t].loss = std::min(tokens[t].loss, bound);
    }
    tokens[t].gradient = ratio.free && !tokens[t].clipped ? -plain : 0;
  }
  return tokens;
}

}  // namespace hone
