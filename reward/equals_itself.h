// The least that a record must pass before a completion is judged by it.
#ifndef HONE_REWARD_EQUALS_ITSELF_H_
#define HONE_REWARD_EQUALS_ITSELF_H_

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "reward/verifier.h"

namespace hone {

// For verifiers that compare final answers: the record, given as the answer, must be correct.
// InvalidArgument with the verdict's detail if it is not.
Status CheckEqualsItself(const Verifier& verifier, absl::string_view answer);

}  // namespace hone

#endif  // HONE_REWARD_EQUALS_ITSELF_H_
