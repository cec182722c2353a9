#include "trainer/algorithm/policy_loss_sapo.h"

#include <cmath>

#include "trainer/algorithm/bounded_exp.h"

namespace hone {

std::vector<TokenLoss> SapoLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence) {
  const double advantage = sequence.advantage;
  const double temperature =
      advantage > 0 ? algorithm.sapo_temperature_positive : algorithm.sapo_temperature_negative;
  std::vector<TokenLoss> tokens(sequence.logprobs.size());
  for (size_t t = 0; t < tokens.size(); ++t) {
    const BoundedExp ratio =
        ExpWithin(sequence.logprobs[t] - sequence.old_logprobs[t], algorithm.log_ratio_limit);
    const double gate = 1 / (1 + std::exp(-temperature * (ratio.value - 1)));
    tokens[t].loss = -4 / temperature * gate * advantage;
    if (ratio.free) tokens[t].gradient = -4 * gate * (1 - gate) * ratio.value * advantage;
  }
  return tokens;
}

}  // namespace hone
