#include "trainer/algorithm/policy_loss.h"

#include "trainer/algorithm/policy_loss_clip.h"

namespace hone {

std::vector<TokenLoss> PolicyLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence) {
  return ClipLoss(algorithm, sequence);
}

}  // namespace hone
