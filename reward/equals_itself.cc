#include "reward/equals_itself.h"

#include "absl/strings/str_cat.h"

namespace hone {

Status CheckEqualsItself(const Verifier& verifier, absl::string_view answer) {
  const Verdict verdict = verifier.Judge("", absl::StrCat("<answer>", answer, "</answer>"), answer);
  if (verdict.outcome == Outcome::kCorrect) return absl::OkStatus();
  if (IsVerifierFailure(verdict.outcome)) return absl::InvalidArgumentError(verdict.detail);
  return absl::InvalidArgumentError(
      absl::StrCat("the answer does not equal itself: ", verdict.detail));
}

}  // namespace hone
