#include "reward/math/units.h"

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace hone::math {
namespace {

struct Row {
  absl::string_view quantity;
  int64_t numerator;
  uint64_t denominator;
};

const absl::flat_hash_map<absl::string_view, Row>& Table() {
  static const auto* const table =
      new absl::flat_hash_map<absl::string_view, Row>{{"m", {"length", 1, 1}},
                                                      {"meter", {"length", 1, 1}},
                                                      {"metre", {"length", 1, 1}},
                                                      {"cm", {"length", 1, 100}},
                                                      {"centimeter", {"length", 1, 100}},
                                                      {"centimetre", {"length", 1, 100}},
                                                      {"mm", {"length", 1, 1000}},
                                                      {"millimeter", {"length", 1, 1000}},
                                                      {"dm", {"length", 1, 10}},
                                                      {"km", {"length", 1000, 1}},
                                                      {"kilometer", {"length", 1000, 1}},
                                                      {"kilometre", {"length", 1000, 1}},
                                                      {"in", {"length", 127, 5000}},
                                                      {"inch", {"length", 127, 5000}},
                                                      {"inches", {"length", 127, 5000}},
                                                      {"ft", {"length", 381, 1250}},
                                                      {"foot", {"length", 381, 1250}},
                                                      {"feet", {"length", 381, 1250}},
                                                      {"yd", {"length", 1143, 1250}},
                                                      {"yard", {"length", 1143, 1250}},
                                                      {"mi", {"length", 201168, 125}},
                                                      {"mile", {"length", 201168, 125}},
                                                      {"s", {"time", 1, 1}},
                                                      {"sec", {"time", 1, 1}},
                                                      {"second", {"time", 1, 1}},
                                                      {"min", {"time", 60, 1}},
                                                      {"minute", {"time", 60, 1}},
                                                      {"h", {"time", 3600, 1}},
                                                      {"hr", {"time", 3600, 1}},
                                                      {"hour", {"time", 3600, 1}},
                                                      {"day", {"time", 86400, 1}},
                                                      {"week", {"time", 604800, 1}},
                                                      {"month", {"months", 1, 1}},
                                                      {"year", {"months", 12, 1}},
                                                      {"g", {"mass", 1, 1}},
                                                      {"gram", {"mass", 1, 1}},
                                                      {"kg", {"mass", 1000, 1}},
                                                      {"kilogram", {"mass", 1000, 1}},
                                                      {"mg", {"mass", 1, 1000}},
                                                      {"lb", {"weight", 16, 1}},
                                                      {"pound", {"weight", 16, 1}},
                                                      {"oz", {"weight", 1, 1}},
                                                      {"ounce", {"weight", 1, 1}},
                                                      {"l", {"volume", 1, 1}},
                                                      {"liter", {"volume", 1, 1}},
                                                      {"litre", {"volume", 1, 1}},
                                                      {"ml", {"volume", 1, 1000}},
                                                      {"milliliter", {"volume", 1, 1000}},
                                                      {"cent", {"money", 1, 100}},
                                                      {"dollar", {"money", 1, 1}},
                                                      {"am", {"morning", 1, 1}},
                                                      {"pm", {"afternoon", 1, 1}},
                                                      {"mph", {"mph", 1, 1}},
                                                      {"degree", {"angle", 1, 1}}};
  return *table;
}

// "meters" is "meter".
const Row* Find(absl::string_view word) {
  auto found = Table().find(word);
  if (found == Table().end() && word.size() > 3 && absl::ConsumeSuffix(&word, "s")) {
    found = Table().find(word);
  }
  return found == Table().end() ? nullptr : &found->second;
}

}  // namespace

bool IsUnit(absl::string_view word) { return Find(absl::AsciiStrToLower(word)) != nullptr; }

std::optional<UnitPower> ParseUnit(absl::string_view words) {
  std::string text = absl::AsciiStrToLower(absl::StripAsciiWhitespace(words));
  while (!text.empty() && (text.back() == '.' || text.back() == ',')) text.pop_back();
  if (text == "a.m" || text == "p.m") text.erase(1, 1);
  int power = 1;
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "square ") || absl::ConsumePrefix(&rest, "sq ") ||
      absl::ConsumePrefix(&rest, "sq. ")) {
    power = 2;
  } else if (absl::ConsumePrefix(&rest, "cubic ")) {
    power = 3;
  } else if (absl::ConsumeSuffix(&rest, "^2") || absl::ConsumeSuffix(&rest, "^{2}")) {
    power = 2;
  } else if (absl::ConsumeSuffix(&rest, "^3") || absl::ConsumeSuffix(&rest, "^{3}")) {
    power = 3;
  }
  const Row* row = Find(absl::StripAsciiWhitespace(rest));
  if (row == nullptr) return std::nullopt;
  UnitPower unit{row->quantity, Fraction(1), power};
  for (int i = 0; i < power; ++i) {
    Fraction product;
    fmpq_mul(product.get(), unit.factor.get(), Fraction(row->numerator, row->denominator).get());
    unit.factor = product;
  }
  return unit;
}

bool ChangesQuantity(absl::string_view words) {
  static const auto* const changing = new absl::flat_hash_set<absl::string_view>{
      "not",    "no",      "none",  "never",    "half",       "halves",  "third",    "thirds",
      "least",  "most",    "less",  "more",     "minus",      "plus",    "negative", "squared",
      "cubed",  "hundred", "dozen", "thousand", "million",    "billion", "trillion", "than",
      "except", "without", "but",   "maybe",    "either",     "neither", "if",       "possibly",
      "twice",  "double",  "to",    "between",  "isn't",      "unless",  "probably", "other",
      "modulo", "mod",     "base",  "or",       "and",        "nor",     "wrong",    "incorrect",
      "false",  "cannot",  "can't", "greater",  "larger",     "smaller", "fewer",    "above",
      "below",  "over",    "under", "instead",  "impossible", "isnt",    "wasn't",   "perhaps"};
  const std::string lower = absl::AsciiStrToLower(words);
  for (const absl::string_view word :
       absl::StrSplit(lower, absl::ByAnyChar(" \t\r\n,.;:(){}\\$"), absl::SkipEmpty())) {
    if (changing->contains(word)) return true;
  }
  return false;
}

bool HasNumber(absl::string_view unit) {
  for (size_t i = 0; i < unit.size(); ++i) {
    if (!absl::ascii_isdigit(unit[i])) continue;
    const char before = i == 0 ? ' ' : unit[i - 1];
    if (before != '^' && before != '{' && !absl::ascii_isalpha(before)) return true;
  }
  return false;
}

}  // namespace hone::math
