#include "trainer/algorithm/policy_loss_cispo.h"

#include <algorithm>

#include "trainer/algorithm/bounded_exp.h"

namespace hone {

std::vector<TokenLoss> CispoLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence) {
  const double low = 1 - algorithm.clip_low, high = 1 + algorithm.clip_high;
  std::vector<TokenLoss> tokens(sequence.logprobs.size());
  for (size_t t = 0; t < tokens.size(); ++t) {
    const double logprob = sequence.logprobs[t];
    const BoundedExp ratio =
        ExpWithin(logprob - sequence.old_logprobs[t], algorithm.log_ratio_limit);
    const double weight = std::clamp(ratio.value, low, high);
    tokens[t].loss = -weight * sequence.advantage * logprob;
    tokens[t].clipped = weight != ratio.value;
    tokens[t].gradient = -weight * sequence.advantage;
  }
  return tokens;
}

}  // namespace hone
