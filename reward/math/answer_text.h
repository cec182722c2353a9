// An answer's text before it is read as mathematics: the forms of it that can be compared as text.
#ifndef HONE_REWARD_MATH_ANSWER_TEXT_H_
#define HONE_REWARD_MATH_ANSWER_TEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace hone::math {

// The text without layout: spaces, $, \left, \text{} and the like. Two answers of one compact text
// are written alike.
std::string CompactText(absl::string_view text);

// Whether each { has its }. Escaped ones, \{ and \}, are text.
bool BracesMatch(absl::string_view text);

// The letter of a choice: "C", "(c)", "\text{(C)}", "C. 12", "Choice C". From A to J; 0 for others.
char ChoiceLetter(absl::string_view text);

// What stands behind the letter of "(C) 12"; nullopt if there is no letter or nothing behind it.
std::optional<absl::string_view> BehindChoice(absl::string_view text);

// For completions that name a choice in passing: the letter they begin with, "A. Because …", else
// the last capital from A to J that stands alone. 0 for none.
char LoneLetter(absl::string_view text);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_ANSWER_TEXT_H_
