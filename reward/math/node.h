// An answer as a tree. Nodes never change once made; they live as long as the Arena they come from.
#ifndef HONE_REWARD_MATH_NODE_H_
#define HONE_REWARD_MATH_NODE_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "reward/math/budget.h"
#include "reward/math/fraction.h"

namespace hone::math {

enum class Kind {
  kNumber,      // number; places: digits behind the point if it was written as a decimal
  kBased,       // digits in a stated base, 204_5: text has the digits, number the base
  kSymbol,      // text: a variable, with its subscript and marks
  kConstant,    // text: "pi", "e", "i", "inf"
  kAdd,         // args
  kMultiply,    // args
  kPower,       // args: base, exponent
  kFunction,    // text: a function that can be evaluated; args
  kOpaque,      // text: f(x), sums, integrals, ... compared by their parts alone; args
  kPlusMinus,   // a ± b: args a, b; text "+" for ±, "-" for ∓
  kChain,       // a < b = c: args; text has a Relation for each sign between them
  kList,        // what stands side by side at the top: args; text ",", "&" (and), "|" (or)
  kTuple,       // (a, b, ...): args; of two it may be an open interval too
  kInterval,    // args: ends; text: its two brackets, "[" or "(" and "]" or ")"
  kSet,         // {a, b}: args
  kUnion,       // args
  kIntersect,   // args
  kDifference,  // args: all but the first are taken away
  kNamedSet,    // text: "empty", "R", "Z", ...
  kMatrix,      // args, row after row; number: its columns
  kRatio,       // a : b : c
  kUnit,        // args: a quantity; text: its unit
  kText,        // text: words
};

// The signs of a chain.
inline constexpr char kEquals = '=', kLess = '<', kGreater = '>', kAtMost = 'l', kAtLeast = 'g',
                      kNotEqual = '!', kAbout = '~', kElement = 'e', kOther = '?';

struct Node {
  Kind kind;
  std::string text;
  Fraction number;
  int places = -1;
  int depth = 1;  // nodes on the longest way down
  std::vector<const Node*> args;
};

using Ref = const Node*;  // null: no such thing, or the budget is spent

// No tree is deeper, so that functions over trees may recurse.
inline constexpr int kMaxTreeDepth = 500;

// Owns nodes, and counts what they cost.
class Arena {
 public:
  explicit Arena(Budget* budget) : budget_(budget) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // A null among the arguments makes the result null, and so does a tree that would be too deep.
  Ref Make(Kind kind, std::vector<Ref> args, std::string text = "");
  Ref Number(Fraction value, int places = -1);
  Ref Integer(int64_t value) { return Number(Fraction(value)); }
  Ref Symbol(absl::string_view name) { return Make(Kind::kSymbol, {}, std::string(name)); }
  Ref Function(absl::string_view name, std::vector<Ref> args) {
    return Make(Kind::kFunction, std::move(args), std::string(name));
  }
  Ref Matrix(std::vector<Ref> entries, int64_t columns);

  Ref Add(Ref a, Ref b) { return Make(Kind::kAdd, {a, b}); }
  Ref Multiply(Ref a, Ref b) { return Make(Kind::kMultiply, {a, b}); }
  Ref Negate(Ref a);
  Ref Divide(Ref a, Ref b);

  Budget* budget() { return budget_; }

 private:
  Node* New(Kind kind, std::vector<Ref> args, int64_t steps);

  Budget* budget_;
  std::deque<Node> nodes_;
};

// One text for all ways to write the same tree: sums and products in one order and flat, fractions
// folded. Equal keys: equal. Empty when the budget is spent.
std::string Key(Ref node, Budget* budget);

// The symbols and opaque parts (by key) that the value depends on.
void CollectSymbols(Ref node, Budget* budget, std::vector<std::string>* symbols);

bool IsNumber(Ref node, int64_t value);

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_NODE_H_
