// Units of measure: which words are one, and what they are of.
#ifndef HONE_REWARD_MATH_UNITS_H_
#define HONE_REWARD_MATH_UNITS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "reward/math/fraction.h"

namespace hone::math {

bool IsUnit(absl::string_view word);

// The unit that the words name, with its power ("cm^2", "square meters"). nullopt for words that
// are none ("apples"): they say what is counted, and are not compared.
struct UnitPower {
  absl::string_view quantity;
  Fraction factor;
  int power = 1;
};
std::optional<UnitPower> ParseUnit(absl::string_view words);

// Words that change the quantity beside them ("not", "half", "least"), so that it is no plain
// answer.
bool ChangesQuantity(absl::string_view words);

// Whether a unit has a number that is no power of it: "cm^2" has none, "(6)" has.
bool HasNumber(absl::string_view unit);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_UNITS_H_
