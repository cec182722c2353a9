#include "app/answer_check.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reward/verifier.h"

namespace hone {

StatusOr<AnswerCheck> MakeAnswerCheck(const VerifierSpec& reward) {
  HONE_ASSIGN_OR_RETURN(std::unique_ptr<Verifier> made, MakeVerifier(reward));
  const std::shared_ptr<const Verifier> verifier = std::move(made);  // a function is copied
  return [verifier, name = reward.name](absl::string_view answer) -> Status {
    const Status status = verifier->CheckAnswer(answer);
    return status.ok() ? status : Annotate(status, absl::StrCat("`", name, "`"));
  };
}

}  // namespace hone
