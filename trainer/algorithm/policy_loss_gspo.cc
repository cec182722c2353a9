#include "trainer/algorithm/policy_loss_gspo.h"

#include <algorithm>

#include "trainer/algorithm/bounded_exp.h"

namespace hone {

std::vector<TokenLoss> GspoLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence) {
  const size_t n = sequence.logprobs.size();
  double sum = 0;
  for (size_t t = 0; t < n; ++t) sum += sequence.logprobs[t] - sequence.old_logprobs[t];
  const BoundedExp ratio =
      ExpWithin(n == 0 ? 0 : sum / static_cast<double>(n), algorithm.log_ratio_limit);
  const double plain = ratio.value * sequence.advantage;
  const double clipped =
      std::clamp(ratio.value, 1 - algorithm.clip_low, 1 + algorithm.clip_high) * sequence.advantage;
  TokenLoss token;
  token.loss = -std::min(plain, clipped);
  token.clipped = plain > clipped;
  token.gradient = ratio.free && !token.clipped ? -plain : 0;
  return std::vector<TokenLoss>(n, token);
}

}  // namespace hone
