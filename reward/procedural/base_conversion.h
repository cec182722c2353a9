// Base conversion: {"value":255,"base":2}. A number in the base, its digits in any case, with or
// without leading zeros, a space or _ between groups of digits, the prefix 0b, 0o or 0x of its own
// base, or the base behind it (ff_16, ff₁₆, \text{ff}_{16}, ff (base 16)). In base ten: any
// notation of number_text.h.
//   unparseable  no digits of the base
#ifndef HONE_REWARD_PROCEDURAL_BASE_CONVERSION_H_
#define HONE_REWARD_PROCEDURAL_BASE_CONVERSION_H_

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "nlohmann/json.hpp"
#include "reward/verifier.h"

namespace hone {

// See check.h.
StatusOr<Verdict> CheckBaseConversion(const nlohmann::json& record, absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_PROCEDURAL_BASE_CONVERSION_H_
