// String manipulation: {"text":"olleh"}. Exactly this word, in this case; quotes around it are no
// part of it.
//   unparseable  not one word of letters
#ifndef HONE_REWARD_PROCEDURAL_STRING_MANIPULATION_H_
#define HONE_REWARD_PROCEDURAL_STRING_MANIPULATION_H_

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "nlohmann/json.hpp"
#include "reward/verifier.h"

namespace hone {

// See check.h.
StatusOr<Verdict> CheckStringManipulation(const nlohmann::json& record, absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_PROCEDURAL_STRING_MANIPULATION_H_
