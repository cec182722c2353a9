// Which letter a text chooses.
#ifndef HONE_REWARD_CHOICE_TEXT_H_
#define HONE_REWARD_CHOICE_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone {

// The letters that are named as the choice, capitals, each once, in order: one, several where a
// list of them is given, none where there is no choice.
struct ChosenLetters {
  std::string letters;
  absl::string_view where;  // for people
};

// A text that is nothing but a choice, as a problem's record or what stands in a mark: B, (b),
// \text{(B)}, **B**, B. Paris, Option B, "B and C", BC. A letter beyond `num_choices` is one too.
ChosenLetters ReadChoice(absl::string_view text, int num_choices);

// The choice of a whole completion, one of the first `num_choices` letters:
//   1. what the last mark behind the thinking holds (LastMarkText), read by ReadChoice or,
//   where
//      that finds none, by 2 to 4;
//   2. the letter behind the last "answer is", "correct option is", "I choose" and the like, with
//      nothing between them but words such as "the", "most likely", "option";
//   3. the letter that lines begin with, "B. Because …", if only one does;
//   4. the capitals that stand alone in the last line.
// With the choices' own texts ("Paris"), one of them in place of a letter counts, too: before 2 it
// is all that the mark holds; before 3 all that stands behind "answer is", or all that is said.
// Case, emphasis and punctuation at the ends do not matter; a text that several choices have is
// none. "A" and "I" in front of a word are an article and a pronoun, unless the word goes on after
// a letter ("A because …").
ChosenLetters FindChoice(absl::string_view completion, int num_choices,
                         const std::vector<std::string>& texts = {});

}  // namespace hone

#endif  // HONE_REWARD_CHOICE_TEXT_H_
