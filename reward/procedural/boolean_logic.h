// Boolean logic: {"variables":["p","q"],"formula":["and","p",["not","q"]]} with and, or, xor, not.
// Every assignment that makes the formula true is right. A variable in any case and then true,
// false, t, f, 1 or 0, with =, : or "is" between them or nothing; commas, semicolons, "and",
// brackets and quotes are passed over.
//   incorrect    the formula is false; a variable is missing, unknown, or given twice
//   unparseable  no such list
#ifndef HONE_REWARD_PROCEDURAL_BOOLEAN_LOGIC_H_
#define HONE_REWARD_PROCEDURAL_BOOLEAN_LOGIC_H_

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "nlohmann/json.hpp"
#include "reward/verifier.h"

namespace hone {

// See check.h.
StatusOr<Verdict> CheckBooleanLogic(const nlohmann::json& record, absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_PROCEDURAL_BOOLEAN_LOGIC_H_
