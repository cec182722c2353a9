// Arithmetic as a model writes it, evaluated exactly. Nothing is handed to any other language.
//
//   statement  := expression [ "=" number ]
//   expression := term  { ("+" | "-" | "−") term }
//   term       := factor { ("*" | "×" | "/" | "÷") factor }
//   factor     := number | "(" expression ")"
//   number     := "0" | a digit from 1 to 9, then digits; at most 18 of them
//
// White space (space, tab, newline, carriage return) may stand between any two of these. So unary
// signs, "**", "//", decimals and implied products are refused. At most 256 bytes, and parentheses
// at most 32 deep.
#ifndef HONE_REWARD_EXPRESSION_H_
#define HONE_REWARD_EXPRESSION_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "reward/rational.h"

namespace hone {

inline constexpr int kMaxExpressionBytes = 256;
inline constexpr int kMaxExpressionDepth = 32;

struct Expression {
  enum class Problem { kNone, kDivisionByZero, kOverflow };

  std::vector<int64_t> numbers;      // in the order they stand, the stated result left out
  Problem problem = Problem::kNone;  // the first one met
  Rational value;                    // if there is no problem
  std::optional<int64_t> stated;     // what stands after "="
};

// InvalidArgument says what is wrong and at which byte.
StatusOr<Expression> ParseExpression(absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_EXPRESSION_H_
