#include "trainer/algorithm/policy_loss.h"

#include "trainer/algorithm/policy_loss_cispo.h"
#include "trainer/algorithm/policy_loss_clip.h"
#include "trainer/algorithm/policy_loss_dppo.h"
#include "trainer/algorithm/policy_loss_gspo.h"
#include "trainer/algorithm/policy_loss_sapo.h"

namespace hone {

std::vector<TokenLoss> PolicyLoss(const AlgorithmSpec& algorithm, const PolicySequence& sequence) {
  const std::string& name = algorithm.policy_loss;
  if (name == "gspo") return GspoLoss(algorithm, sequence);
  if (name == "cispo") return CispoLoss(algorithm, sequence);
  if (name == "sapo") return SapoLoss(algorithm, sequence);
  if (name == "dppo") return DppoLoss(algorithm, sequence);
  return ClipLoss(algorithm, sequence);
}

}  // namespace hone
