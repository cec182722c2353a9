// The words that notation is made of.
#ifndef HONE_REWARD_MATH_VOCABULARY_H_
#define HONE_REWARD_MATH_VOCABULARY_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace hone::math {

// Commands of layout alone: \left, \displaystyle, \boxed.
bool IsLayout(absl::string_view command);
// Commands whose argument is words: \text, \mbox.
bool IsTextCommand(absl::string_view command);
// Commands whose argument is set in another type: \mathrm, \mathbf, \operatorname.
bool IsFontCommand(absl::string_view command);
// Any command that the parser or the lexer does something with.
bool IsKnownCommand(absl::string_view command);
// The relation (node.h) that a command is, such as \leq; 0 for others.
char RelationOf(absl::string_view command);
// A function of one argument that needs no parentheses: sin, ln, det.
bool IsPrefixFunction(absl::string_view command);
// The command that a plain word stands for: "sqrt", "pi", "infinity" (infty); empty if none.
absl::string_view CommandOfWord(absl::string_view word);
// The command or ASCII sign that begins the text in UTF-8, with the bytes it takes. size 0: none.
struct UnicodeSign {
  absl::string_view command;
  absl::string_view digit;  // of ² and the like
  size_t size = 0;
};
UnicodeSign LeadingUnicodeSign(absl::string_view text);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_VOCABULARY_H_
