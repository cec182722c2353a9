#include "trainer/verifier_failures.h"

#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hone {

Status CheckVerifierFailures(absl::Span<const Group* const> groups, double max_share,
                             int64_t step) {
  int64_t failed = 0, samples = 0;
  std::map<std::string, int64_t> reasons;
  for (const Group* group : groups) {
    for (const Score& score : group->scores) {
      ++samples;
      if (!IsVerifierFailure(score.outcome)) continue;
      ++failed;
      ++reasons[absl::StrCat(Name(score.outcome), ", ", score.detail)];
    }
  }
  const bool few = static_cast<double>(failed) <= max_share * static_cast<double>(samples);
  if (failed == 0 || (few && failed < samples)) return absl::OkStatus();
  const auto commonest =
      std::max_element(reasons.begin(), reasons.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return absl::UnavailableError(
      absl::StrFormat("the verifier failed on %d of %d samples of step %d (max_verifier_failures "
                      "is %g), on %d with: "
                      "%s; see the details in rollouts/",
                      failed, samples, step, max_share, commonest->second, commonest->first));
}

}  // namespace hone
