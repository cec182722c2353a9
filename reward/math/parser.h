// An answer's text as a tree (node.h).
//
//   answer   := item { ("," | ";" | "and" | "or" | \quad) item }
//   item     := set { relation set }
//   set      := ratio { (∪ | ∩ | \setminus) ratio }
//   ratio    := sum { ":" sum }
//   sum      := ["+" | "-" | "±" | "∓"] product { ("+" | "-" | "±" | "∓") product }
//   product  := power { ["*" | "/" | \cdot | \times | ÷] power }     (nothing between them: a
//   product) power    := primary { "^" argument | "_" argument | "!" | "%" | "°" | unit } primary
//   := number | letter | command | "(" answer ")" and the other brackets | "|" sum "|" | text
//
// A whole number with a fraction behind it, 1\frac{1}{2} or 1 1/2, is a mixed number. A name with
// parentheses is a function if it is one of f, g, h, F, G, H, and with one letter or
// number in them also p, q, u, v, P, Q, R, S, T, W; other letters are multiplied. Words
// behind a quantity are its unit.
#ifndef HONE_REWARD_MATH_PARSER_H_
#define HONE_REWARD_MATH_PARSER_H_

#include "absl/strings/string_view.h"
#include "reward/math/lexer.h"
#include "reward/math/node.h"

namespace hone::math {

// In steps of the grammar: some eighty brackets.
inline constexpr int kMaxNesting = 400;

// Null for what does not follow the grammar, nests deeper than kMaxNesting, or costs too much.
Ref Parse(absl::string_view text, Comma comma, Arena* arena);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_PARSER_H_
