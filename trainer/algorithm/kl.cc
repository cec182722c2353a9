#include "trainer/algorithm/kl.h"

#include "trainer/algorithm/bounded_exp.h"
#include "trainer/algorithm/policy_loss.h"

namespace hone {

KlTerm EstimateKl(double logprob, double ref_logprob) {
  const BoundedExp e = ExpWithin(ref_logprob - logprob, kMaxLogRatio);
  return {e.value - e.exponent - 1, e.free ? 1 - e.value : 0};
}

}  // namespace hone
