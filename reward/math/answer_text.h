// An answer's text before it is read as mathematics: where it stands in a completion, and the forms
// of it that can be compared as text.
#ifndef HONE_REWARD_MATH_ANSWER_TEXT_H_
#define HONE_REWARD_MATH_ANSWER_TEXT_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace hone::math {

// Of a completion only this much of its end is searched.
inline constexpr size_t kMaxSearchedBytes = 1 << 18;

struct FoundAnswer {
  std::string text;
  absl::string_view where;  // for people: "\\boxed{}", "the last formula"
};

// The final answer of a completion, looked for behind the last </think> in this order:
//   1. the last of \boxed{…}, <answer>…</answer> and "#### …"; a \boxed{} within it is taken
//   instead.
//      Boxes that follow one another, joined by "and", "or" or a sign, are one answer with parts.
//      "final answer is" behind the mark goes before it;
//   2. what follows the last "answer is" or "answer:" within its sentence: all of it or what stands
//      behind its last " is ", if `reads` takes that; else its first formula or number; else, if it
//      is short, its words;
//   3. the whole text, if it is short and `reads` takes it;
//   4. the last formula ($…$, $$…$$, \(…\), \[…\]) or the last number, whichever stands later.
std::optional<FoundAnswer> FindAnswer(absl::string_view completion,
                                      const std::function<bool(absl::string_view)>& reads);

// The wanted answer of a problem's record: by rule 1; else the whole text if `reads` takes it; else
// by rules 2 to 4; else the whole text, as words.
FoundAnswer FindWanted(absl::string_view record,
                       const std::function<bool(absl::string_view)>& reads);

// The text without layout: spaces, $, \left, \text{} and the like. Two answers of one compact text
// are written alike.
std::string CompactText(absl::string_view text);

// The letter of a choice: "C", "(c)", "\text{(C)}", "C. 12", "Choice C". From A to J; 0 for others.
char ChoiceLetter(absl::string_view text);

// What stands behind the letter of "(C) 12"; nullopt if there is no letter or nothing behind it.
std::optional<absl::string_view> BehindChoice(absl::string_view text);

// For completions that name a choice in passing: the letter they begin with, "A. Because …", else
// the last capital from A to J that stands alone. 0 for none.
char LoneLetter(absl::string_view text);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_ANSWER_TEXT_H_
