// Numbers as people, data sets and models write them.
//
//   number   := [sign] [currency] [sign] magnitude [scale] [percent]
//   magnitude:= decimal | decimal "/" decimal | whole " " whole "/" whole | \frac{decimal}{decimal}
//               | whole \frac{whole}{whole}
//   decimal  := whole ["." digits] | "." digits     (then, if alone, [("e"|"E") [sign] digits])
//   whole    := digits, or 1 to 3 digits and then groups of a separator and exactly 3 digits; the
//               separator is a comma or a thin, narrow or no-break space, the same throughout
//   scale    := ("×"|"x"|"*"|\times|\cdot) "10^" exponent, or one of the words hundred, thousand,
//               million, billion, trillion
//   currency := $ € £ ¥ ₹ \$          percent := % \% "percent"
//
// So a comma is never a decimal point: 1,8 is no number, nor are 1.2.3, 10:30, 3/0, 1/2/3, 2nd or
// the 2 of H2O. LaTeX's spaces, \text{}, \boxed{}, math delimiters and Markdown's ** are looked
// through. More than 1,000 digits, or an exponent of more than 9, is too large to be read.
#ifndef HONE_REWARD_NUMBER_TEXT_H_
#define HONE_REWARD_NUMBER_TEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "reward/exact_number.h"

namespace hone {

inline constexpr size_t kMaxNumberDigits = 1000;
inline constexpr size_t kMaxExponentDigits = 9;
inline constexpr size_t kMaxAnswerBytes = 2048;
// Of running text only this much of the end is searched.
inline constexpr size_t kMaxSearchedBytes = 16384;

struct NumberText {
  ExactNumber value;     // of "50%": 50
  bool percent = false;  // a percent sign stands behind it
};

// The number that an answer states: the only number in a text that is otherwise plain words and
// punctuation ("18", "$18.00", "18 eggs a day", "She has 18 left."), else what stands behind the
// last "=" by the same rule. InvalidArgument says why there is none: no number, several, a formula,
// too long.
StatusOr<NumberText> ReadAnswer(absl::string_view text);

// The first and the last number of running text. nullopt for none, or when it is too large.
std::optional<NumberText> FirstNumber(absl::string_view text);
std::optional<NumberText> LastNumber(absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_NUMBER_TEXT_H_
