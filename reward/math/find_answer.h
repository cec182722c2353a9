// Where in a completion, or in a problem's record, the answer stands.
#ifndef HONE_REWARD_MATH_FIND_ANSWER_H_
#define HONE_REWARD_MATH_FIND_ANSWER_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone::math {

// Of a completion only this much of its end is searched.
inline constexpr size_t kMaxSearchedBytes = 1 << 18;

struct FoundAnswer {
  std::string text;
  absl::string_view where;  // for people: "\\boxed{}", "the last formula"
};

// Where an answer is looked for.
enum class Place {
  kMark,       // the last of the next three
  kBoxed,      // \boxed{…}
  kAnswerTag,  // <answer>…</answer>
  kHash,       // #### …
  kPhrase,     // behind "answer is"
  kWhole,      // the whole text
  kFormula,    // a formula
  kNumber,     // a number
  kLast,       // a formula or a number
};

struct Extraction {
  std::vector<Place> places = {Place::kMark, Place::kPhrase, Place::kWhole, Place::kLast};
  bool first = false;  // of several candidates in one place the first counts, not the last
};

// The final answer of a completion, looked for behind the last </think> in the order of the
// extraction's places, by default:
//   1. the last of \boxed{…}, <answer>…</answer> and "#### …"; a \boxed{} within it is taken
//      instead. Boxes that follow one another, joined by "and", "or" or a sign, are one answer with
//      parts. "final answer is" behind the mark goes before it;
//   2. what follows the last "answer is" or "answer:" within its sentence: all of it or what stands
//      behind its last " is ", if `reads` takes that; else its first formula or number; else, if it
//      is short, its words;
//   3. the whole text, if it is short and `reads` takes it;
//   4. the last formula ($…$, $$…$$, \(…\), \[…\]) or the last number, whichever stands later.
// Where the first candidate counts, the text ends with it: behind the first mark, with boxes that
// are joined to it; or behind the paragraph of the first phrase.
std::optional<FoundAnswer> FindAnswer(absl::string_view completion, const Extraction& extraction,
                                      const std::function<bool(absl::string_view)>& reads);

// The wanted answer of a problem's record: by rule 1; else the whole text if `reads` takes it; else
// by rules 2 to 4; else the whole text, as words.
FoundAnswer FindWanted(absl::string_view record,
                       const std::function<bool(absl::string_view)>& reads);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_FIND_ANSWER_H_
