// What the checkers of procedural problems have in common. A checker is one function,
//   StatusOr<Verdict> CheckX(const nlohmann::json& record, absl::string_view text)
// that judges the text between the answer tags, at most kMaxAnswerText bytes without white space at
// its ends, in time proportional to it. InvalidArgument says what is wrong with the record,
// whatever the text; an empty text is unparseable.
#ifndef HONE_REWARD_PROCEDURAL_CHECK_H_
#define HONE_REWARD_PROCEDURAL_CHECK_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "nlohmann/json.hpp"
#include "reward/verifier.h"

namespace hone {

inline constexpr size_t kMaxAnswerText = 4096;

Verdict Correct(std::string detail);
Verdict Incorrect(std::string detail);
// `wanted`: what was looked for, "a date".
Verdict Unparseable(absl::string_view text, absl::string_view wanted);

// Members of a record. InvalidArgument names the key.
StatusOr<int64_t> IntegerMember(const nlohmann::json& record, const char* key);
StatusOr<std::string> TextMember(const nlohmann::json& record, const char* key);  // not empty

// Correct when the text states the whole number `wanted` in any notation of number_text.h.
Verdict CheckInteger(int64_t wanted, absl::string_view text);

// Without what encloses the whole text: quotes, backticks, Markdown's **, a pair of $, \text{…}.
absl::string_view Bare(absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_PROCEDURAL_CHECK_H_
