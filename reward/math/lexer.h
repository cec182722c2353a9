// Cuts an answer into tokens: LaTeX, plain notation (sqrt(2), pi, <=, 2**3) and Unicode's signs (√
// π ≤ ²) alike. Layout (spaces, \left, \displaystyle, $, \boxed) leaves no token.
#ifndef HONE_REWARD_MATH_LEXER_H_
#define HONE_REWARD_MATH_LEXER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "reward/math/budget.h"

namespace hone::math {

struct Token {
  enum class Type {
    kNumber,    // text: digits without the point
    kLetter,    // text: one letter
    kCommand,   // text: a command's name without its backslash; plain words and Unicode likewise
    kSign,      // text: one ASCII sign
    kRelation,  // text: a Relation of node.h
    kText,      // text: words
    kWord,      // text: "and" or "or"
    kRowBreak,  // \\ of a matrix
    kEnd,
  };
  Type type;
  std::string text;
  int places = -1;       // number: digits behind the point, -1 without one
  int64_t exponent = 0;  // number: of 1.5e3
  bool space = false;    // space stands before it
};

// What a comma between two digits is. 1,234 may be a number, and 1,23 too where the comma is the
// decimal point; or they are lists. kThousands takes exact groups of three for a number.
enum class Comma { kThousands, kDecimal, kSeparator };

// The last token is kEnd.
std::vector<Token> Tokenize(absl::string_view text, Comma comma, Budget* budget);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_LEXER_H_
