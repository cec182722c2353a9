#include "reward/math/compare.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "reward/math/expand.h"
#include "reward/math/named.h"
#include "reward/math/real_set.h"
#include "reward/math/units.h"

namespace hone::math {
namespace {

constexpr absl::string_view kNumberWords[] = {"zero", "one",    "two",   "three", "four",
                                              "five", "six",    "seven", "eight", "nine",
                                              "ten",  "eleven", "twelve"};

bool HasSymbols(Ref node, Budget* budget) {
  std::vector<std::string> symbols;
  CollectSymbols(node, budget, &symbols);
  return !symbols.empty();
}

class Comparison {
 public:
  explicit Comparison(Equality* equality) : equality_(equality), arena_(equality->arena()) {}

  bool Same(Ref wanted, Ref found) {
    if (wanted == nullptr || found == nullptr || arena_->budget()->exhausted()) return false;
    // Also what is too large to be evaluated equals itself.
    if (const std::string key = Key(wanted, budget());
        !key.empty() && key == Key(found, budget())) {
      return true;
    }
    if (IsDefinitelySet(Bare(wanted)) || IsDefinitelySet(Bare(found))) {
      const std::optional<RealSet> a = ToRealSet(Bare(wanted), equality_);
      const std::optional<RealSet> b = a ? ToRealSet(Bare(found), equality_) : std::nullopt;
      if (a && b) return SameSet(*a, *b, equality_);
      // x > 5 is solved, 2x > 10 is not.
      if (a && Bare(found)->kind == Kind::kChain) return false;
    }
    std::vector<Named> wanted_parts = SplitAnswer(wanted, arena_);
    std::vector<Named> found_parts = SplitAnswer(found, arena_);
    if (wanted_parts.empty() || found_parts.empty()) return false;
    if (wanted_parts.size() == 1 && found_parts.size() == 1) {
      return SameItem(wanted_parts[0], found_parts[0]);
    }
    return SameParts(wanted, found, std::move(wanted_parts), std::move(found_parts));
  }

 private:
  Budget* budget() { return arena_->budget(); }
  Ref Bare(Ref node) { return SplitName(node, budget()).value; }

  // ----- lists -----

  // How many different names come round again and again: p, q, p, q has 2. 0: not all are named.
  static size_t Period(const std::vector<Named>& parts) {
    for (const Named& part : parts) {
      if (part.key.empty()) return 0;
    }
    size_t period = 1;
    while (period < parts.size() && parts[period].key != parts[0].key) ++period;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].key != parts[i % period].key) return 0;
    }
    return parts.size() % period == 0 ? period : 0;
  }

  // x_1, x_2: names of the same letter that only count.
  static bool OnlyNumbered(const std::vector<Named>& parts) {
    for (const Named& part : parts) {
      if (part.name == nullptr || part.name->kind != Kind::kSymbol) return false;
      const std::string& name = part.name->text;
      const size_t mark = name.find('_');
      if (mark != 1 || name[0] != parts[0].name->text[0]) return false;
      if (!std::all_of(name.begin() + 2, name.end(), absl::ascii_isdigit)) return false;
    }
    return true;
  }

  std::vector<Ref> Values(const std::vector<Named>& parts) {
    std::vector<Ref> values;
    for (const Named& part : parts) values.push_back(part.value);
    return values;
  }

  // p = 5, q = 2, p = 7, q = 2 as (5, 2), (7, 2).
  std::vector<Named> AsTuples(const std::vector<Named>& parts, size_t period) {
    std::vector<Named> tuples;
    for (size_t i = 0; i < parts.size(); i += period) {
      std::vector<Ref> values;
      for (size_t k = 0; k < period; ++k) values.push_back(parts[i + k].value);
      const Ref tuple = arena_->Make(Kind::kTuple, std::move(values));
      if (tuple == nullptr) return {};
      tuples.push_back({nullptr, "", tuple, tuple});
    }
    return tuples;
  }

  bool SameParts(Ref wanted, Ref found, std::vector<Named> a, std::vector<Named> b) {
    const size_t a_names = Period(a), b_names = Period(b);
    const bool a_record = a_names > 1, b_record = b_names > 1;
    if (a_record && b_record && a.size() == a_names && b.size() == b_names) {
      if (a.size() == b.size() && SameRecord(a, b)) return true;
      if (SameNames(a, b)) return false;
    }
    if (a_record || b_record) {
      const bool numbered = (!a_record || OnlyNumbered(a)) && (!b_record || OnlyNumbered(b));
      if (numbered && SameUnordered(a, b)) return true;
      if (a_record && a.size() == a_names && b.size() == a.size() && !b_record) {
        return SameOrdered(Values(a), Values(b));
      }
      if (b_record && b.size() == b_names && a.size() == b.size() && !a_record) {
        return SameOrdered(Values(a), Values(b));
      }
      if (a_record) a = AsTuples(a, a_names);
      if (b_record) b = AsTuples(b, b_names);
      return SameUnordered(a, b);
    }
    // A tuple against a list without braces: (1, 3) against 1, 3, in order.
    if (a.size() == 1 && a[0].value->kind == Kind::kTuple && Bare(found)->kind == Kind::kList) {
      return SameOrdered(a[0].value->args, Values(b));
    }
    if (b.size() == 1 && b[0].value->kind == Kind::kTuple && Bare(wanted)->kind == Kind::kList) {
      return SameOrdered(Values(a), b[0].value->args);
    }
    return SameUnordered(a, b);
  }

  static bool SameNames(const std::vector<Named>& a, const std::vector<Named>& b) {
    return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const Named& x) {
             return std::any_of(b.begin(), b.end(), [&](const Named& y) { return x.key == y.key; });
           });
  }

  bool SameRecord(const std::vector<Named>& a, const std::vector<Named>& b) {
    return std::all_of(a.begin(), a.end(), [&](const Named& x) {
      return std::any_of(b.begin(), b.end(),
                         [&](const Named& y) { return x.key == y.key && SameItem(x, y); });
    });
  }

  bool SameOrdered(const std::vector<Ref>& a, const std::vector<Ref>& b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (!Same(a[i], b[i])) return false;
    }
    return true;
  }

  // As sets: what is said twice counts once.
  bool SameUnordered(const std::vector<Named>& a, const std::vector<Named>& b) {
    const auto covers = [&](const std::vector<Named>& left, const std::vector<Named>& right,
                            bool swapped) {
      return std::all_of(left.begin(), left.end(), [&](const Named& x) {
        return std::any_of(right.begin(), right.end(), [&](const Named& y) {
          return swapped ? SameItem(y, x) : SameItem(x, y);
        });
      });
    };
    return covers(a, b, false) && covers(b, a, true);
  }

  // ----- single answers -----

  bool SameItem(const Named& wanted, const Named& found) {
    if (wanted.value == nullptr || found.value == nullptr) return false;
    // n = 5 says nothing of m.
    const bool both_named = wanted.name != nullptr && found.name != nullptr;
    if (both_named && wanted.key != found.key && wanted.name->kind == Kind::kSymbol &&
        found.name->kind == Kind::kSymbol && wanted.key[0] != found.key[0]) {
      return SameEquation(wanted.whole, found.whole);
    }
    if (SameQuantity(wanted.value, found.value)) return true;
    // y = 2x + 3 and 2x - y + 3 = 0 are one line; x = 3 and 2x = 6 are not one answer.
    const bool solved = wanted.name != nullptr && !HasSymbols(wanted.value, budget());
    return !solved && SameEquation(wanted.whole, found.whole);
  }

  struct Quantity {
    Ref value;
    std::string unit;
  };
  Quantity SplitUnit(Ref node) {
    std::string unit;
    while (node->kind == Kind::kUnit) {
      if (unit.empty() || node->text == "%" || node->text == "degree") unit = node->text;
      node = node->args[0];
    }
    return {node, unit};
  }

  bool SameQuantity(Ref wanted, Ref found) {
    const Quantity a = SplitUnit(wanted), b = SplitUnit(found);
    if (a.unit.empty() && b.unit.empty()) return SameBare(wanted, found);
    const auto is_plain = [](const std::string& unit) {
      return unit.empty() || (!ChangesQuantity(unit) && !HasNumber(unit));
    };
    const bool plain_words = is_plain(a.unit) && is_plain(b.unit);
    if (!plain_words) return a.unit == b.unit && SameBare(a.value, b.value);
    if (a.unit == "%" || b.unit == "%") {
      if (SameBare(a.value, b.value)) return true;
      if (a.unit == b.unit) return false;
      const Quantity& percentage = a.unit == "%" ? a : b;
      const Ref share = arena_->Multiply(percentage.value, arena_->Number(Fraction(1, 100)));
      return a.unit == "%" ? SameBare(share, b.value) : SameBare(a.value, share);
    }
    if (a.unit == "degree" || b.unit == "degree") {
      if (SameBare(a.value, b.value)) return true;
      return a.unit != b.unit && SameBare(wanted, found);  // 90° and π/2
    }
    const std::optional<UnitPower> x = ParseUnit(a.unit), y = ParseUnit(b.unit);
    if (!x || !y) return SameBare(a.value, b.value);
    if (x->quantity != y->quantity || x->power != y->power) return false;
    return SameBare(arena_->Multiply(a.value, arena_->Number(x->factor)),
                    arena_->Multiply(b.value, arena_->Number(y->factor))) ||
           (x->factor == y->factor && SameBare(a.value, b.value));
  }

  static bool IsVector(Ref node) {
    return node->kind == Kind::kMatrix &&
           (node->number == Fraction(1) ||
            node->number == Fraction(static_cast<int64_t>(node->args.size())));
  }

  bool SameBare(Ref a, Ref b) {
    if (a == nullptr || b == nullptr) return false;
    a = EvaluateMatrices(a, arena_);
    b = EvaluateMatrices(b, arena_);
    if (a == nullptr || b == nullptr) return false;
    if (a->kind == Kind::kMatrix && b->kind == Kind::kMatrix) {
      return a->number == b->number && SameOrdered(a->args, b->args);
    }
    const bool a_row = a->kind == Kind::kTuple || IsVector(a);
    const bool b_row = b->kind == Kind::kTuple || IsVector(b);
    if (a_row && b_row) return SameOrdered(a->args, b->args);
    if (a->kind == Kind::kInterval && b->kind == Kind::kInterval) {
      return a->text == b->text && SameOrdered(a->args, b->args);
    }
    if (a->kind == Kind::kInterval || b->kind == Kind::kInterval) {
      // An open interval with variables in its ends is written like a pair.
      return false;
    }
    if (a->kind == Kind::kRatio && b->kind == Kind::kRatio) return SameRatio(*a, *b);
    if (a->kind == Kind::kText || b->kind == Kind::kText) return SameWords(a, b);
    if (a->kind == Kind::kNamedSet || b->kind == Kind::kNamedSet) {
      return a->kind == b->kind && a->text == b->text;
    }
    if (a->kind == Kind::kBased || b->kind == Kind::kBased) return SameBased(a, b);
    if (a->kind == Kind::kUnion && b->kind == Kind::kUnion) return SameOrdered(a->args, b->args);
    if (a->kind == Kind::kChain || b->kind == Kind::kChain) return SameEquation(a, b);
    return equality_->SameValue(a, b);
  }

  // 7:32 and 14:64; with a 0 in it (12:00) only as it stands.
  bool SameRatio(const Node& a, const Node& b) {
    if (a.args.size() != b.args.size()) return false;
    if (SameOrdered(a.args, b.args)) return true;
    for (size_t i = 1; i < a.args.size(); ++i) {
      if (IsNumber(a.args[0], 0) || IsNumber(a.args[i], 0) || IsNumber(b.args[i], 0)) return false;
      if (!equality_->SameValue(arena_->Multiply(a.args[0], b.args[i]),
                                arena_->Multiply(a.args[i], b.args[0]))) {
        return false;
      }
    }
    return true;
  }

  // In one base the digits; without a stated base as well, since the question states it.
  bool SameBased(Ref a, Ref b) {
    const auto digits = [](Ref node) {
      return node->kind == Kind::kBased ? node->text : node->number.ToString();
    };
    const auto readable = [](Ref node) {
      return node->kind == Kind::kBased || (node->kind == Kind::kNumber && node->places < 0);
    };
    if (!readable(a) || !readable(b) || digits(a) != digits(b)) return false;
    return a->kind != b->kind || a->args[0]->number == b->args[0]->number;
  }

  // Words against words, the empty set against "no solution", a number against its name.
  static bool SameWords(Ref a, Ref b) {
    if (a->kind != Kind::kText) std::swap(a, b);
    const std::string words = absl::AsciiStrToLower(a->text);
    if (b->kind == Kind::kText) return words == absl::AsciiStrToLower(b->text);
    if (b->kind == Kind::kNamedSet) {
      return b->text == "empty" && (words == "no solution" || words == "no solutions");
    }
    for (int64_t i = 0; i < static_cast<int64_t>(std::size(kNumberWords)); ++i) {
      if (words == kNumberWords[i]) return IsNumber(b, i);
    }
    return false;
  }

  // Relations that are no sets: equations in several variables, chains.
  bool SameEquation(Ref a, Ref b) {
    if (a->kind != Kind::kChain || b->kind != Kind::kChain) return false;
    if (a->text.size() == 1 && b->text.size() == 1) {
      const char x = a->text[0], y = b->text[0];
      const auto difference = [&](Ref chain, bool swap) {
        return arena_->Add(chain->args[swap ? 1 : 0], arena_->Negate(chain->args[swap ? 0 : 1]));
      };
      const auto is_greater = [](char r) { return r == kGreater || r == kAtLeast; };
      const auto strictness = [](char r) { return r == kLess || r == kGreater; };
      if ((x == kEquals || x == kNotEqual) && x == y) {
        return equality_->Proportional(difference(a, false), difference(b, false), false) ||
               SameOrdered(a->args, b->args);
      }
      const bool orders = std::string("<>lg").find(x) != std::string::npos &&
                          std::string("<>lg").find(y) != std::string::npos;
      if (orders) {
        return strictness(x) == strictness(y) &&
               equality_->Proportional(difference(a, is_greater(x)), difference(b, is_greater(y)),
                                       true);
      }
    }
    if (a->text == b->text && SameOrdered(a->args, b->args)) return true;
    return Reversed(b->text) == a->text &&
           SameOrdered(a->args, std::vector<Ref>(b->args.rbegin(), b->args.rend()));
  }

  static std::string Reversed(const std::string& relations) {
    std::string reversed(relations.rbegin(), relations.rend());
    for (char& relation : reversed) {
      const size_t at = std::string("<>lg").find(relation);
      if (at != std::string::npos) relation = "><gl"[at];
    }
    return reversed;
  }

  Equality* equality_;
  Arena* arena_;
};

}  // namespace

bool SameAnswer(Ref wanted, Ref found, Equality* equality) {
  return Comparison(equality).Same(wanted, found);
}

}  // namespace hone::math
