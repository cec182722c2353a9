#include "reward/math/parser.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reward/math/parser_state.h"
#include "reward/math/units.h"
#include "reward/math/vocabulary.h"

namespace hone::math {
namespace {

constexpr std::pair<absl::string_view, int64_t> kScaleWords[] = {{"hundred", 100},
                                                                 {"thousand", 1000},
                                                                 {"million", 1000000},
                                                                 {"billion", 1000000000},
                                                                 {"trillion", 1000000000000}};

}  // namespace

Ref Parse(absl::string_view text, Comma comma, Arena* arena) {
  return Parser(Tokenize(text, comma, arena->budget()), arena).ParseAll();
}

bool Parser::TakeSign(char sign) {
  if (!AtSign(sign)) return false;
  ++at_;
  return true;
}

bool Parser::TakeCommand(absl::string_view name) {
  if (!AtCommand(name)) return false;
  ++at_;
  return true;
}

Ref Parser::ParseAll() {
  // A text that is cut off at either end: its stray brackets and full stop.
  while (tokens_.size() > 1) {
    const Token& last = tokens_[tokens_.size() - 2];
    const bool stray = (last.type == Type::kSign && (last.text == "." || last.text == "," ||
                                                     last.text == ";" || last.text == ":")) ||
                       last.type == Type::kRowBreak;
    if (!stray) break;
    tokens_.erase(tokens_.end() - 2);
  }
  const Ref answer = ParseAnswer();
  return AtEnd() ? answer : nullptr;
}

bool Parser::TakeSeparator(char* separator) {
  char found = 0;
  while (true) {
    if (TakeSign(',') || TakeSign(';')) {
      if (found == 0) found = ',';
    } else if (Peek().type == Type::kWord) {
      found = Take().text == "or" ? '|' : '&';
    } else if (AtCommand("quad")) {
      ++at_;
      if (found == 0) found = ' ';
    } else {
      break;
    }
  }
  *separator = found;
  return found != 0;
}

Ref Parser::ParseAnswer() {
  if (++depth_ > kMaxNesting) return nullptr;
  std::vector<Ref> items;
  char joined = ',';
  while (TakeCommand("quad")) {
  }
  items.push_back(ParseItem());
  char separator;
  while (items.back() != nullptr && TakeSeparator(&separator)) {
    if (AtEnd() || Peek().type == Type::kRowBreak) break;  // a separator at the end
    if (AtCommand("dots") && separator == ',') return nullptr;
    // \quad alone parts items only where a new one begins.
    items.push_back(ParseItem());
    if (separator != ',' && separator != ' ') joined = separator;
  }
  --depth_;
  if (items.size() == 1) return items[0];
  return arena_->Make(Kind::kList, std::move(items), std::string(1, joined));
}

Ref Parser::ParseItem() {
  // "≈ 5" says no less than "5".
  if (Peek().type == Type::kRelation && Peek().text[0] == kAbout) ++at_;
  Ref first = ParseSets();
  if (Peek().type != Type::kRelation) return first;
  std::vector<Ref> parts = {first};
  std::string relations;
  while (parts.back() != nullptr && Peek().type == Type::kRelation) {
    relations += Take().text;
    parts.push_back(ParseSets());
  }
  return arena_->Make(Kind::kChain, std::move(parts), std::move(relations));
}

Ref Parser::ParseSets() {
  Ref left = ParseRatio();
  while (left != nullptr) {
    Kind kind;
    if (TakeCommand("cup")) {
      kind = Kind::kUnion;
    } else if (TakeCommand("cap")) {
      kind = Kind::kIntersect;
    } else if (TakeCommand("setminus") || TakeCommand("backslash")) {
      kind = Kind::kDifference;
    } else {
      break;
    }
    const Ref right = ParseRatio();
    if (left->kind == kind && kind != Kind::kDifference) {
      std::vector<Ref> args = left->args;
      args.push_back(right);
      if (!arena_->budget()->Spend(static_cast<int64_t>(args.size()))) return nullptr;
      left = arena_->Make(kind, std::move(args));
    } else {
      left = arena_->Make(kind, {left, right});
    }
  }
  return left;
}

Ref Parser::ParseRatio() {
  const Ref first = ParseSum();
  if (bars_close_ || (!AtSign(':') && !AtCommand("colon"))) return first;
  std::vector<Ref> parts = {first};
  while (parts.back() != nullptr && (TakeSign(':') || TakeCommand("colon"))) {
    parts.push_back(ParseSum());
  }
  return arena_->Make(Kind::kRatio, std::move(parts));
}

Ref Parser::ParseSum() {
  if (++depth_ > kMaxNesting) return nullptr;
  std::vector<Ref> terms;
  Ref sum = nullptr;
  const auto flush = [&] {
    if (terms.size() == 1) {
      sum = terms[0];
    } else {
      sum = arena_->Make(Kind::kAdd, terms);
    }
  };
  bool first = true;
  while (true) {
    char sign = '+';
    if (TakeSign('-')) {
      sign = '-';
    } else if (AtCommand("pm") || AtCommand("mp")) {
      sign = Take().text == "pm" ? 'p' : 'm';
    } else if (!TakeSign('+') && !first) {
      break;
    }
    // Signs in a row: 3 + -2.
    while (AtSign('-') || AtSign('+')) {
      if (Take().text == "-" && (sign == '+' || sign == '-')) sign = sign == '+' ? '-' : '+';
    }
    const Ref term = ParseProduct();
    if (term == nullptr) return nullptr;
    if (sign == 'p' || sign == 'm') {
      if (terms.empty()) {
        sum = arena_->Integer(0);
      } else {
        flush();
      }
      terms = {arena_->Make(Kind::kPlusMinus, {sum, term}, sign == 'p' ? "+" : "-")};
    } else {
      terms.push_back(sign == '-' ? arena_->Negate(term) : term);
    }
    if (terms.back() == nullptr) return nullptr;
    first = false;
  }
  --depth_;
  flush();
  if (TakeCommand("pmod") || TakeCommand("bmod") || TakeCommand("mod")) {
    const Ref modulus = ParseArgument();
    return arena_->Make(Kind::kOpaque, {sum, modulus}, "mod");
  }
  return sum;
}

bool Parser::StartsFactor(bool as_argument) const {
  const Token& token = Peek();
  switch (token.type) {
    case Type::kNumber:
    case Type::kLetter:
      return true;
    case Type::kSign:
      if (token.text == "|") return !bars_close_ && !as_argument;
      if (token.text == "[") return !reversed_ && !as_argument;
      return token.text == "{" || (!as_argument && token.text == "(");
    case Type::kCommand: {
      const std::string& name = token.text;
      if (as_argument && (IsPrefixFunction(name) || name == "lvert" || name == "langle")) {
        return false;
      }
      for (const absl::string_view no :
           {"cup",    "cap",     "setminus", "backslash", "rbrace", "rangle", "rfloor",
            "rceil",  "rvert",   "vert",     "mid",       "colon",  "times",  "cdot",
            "div",    "pm",      "mp",       "quad",      "dots",   "ldots",  "cdots",
            "degree", "percent", "over",     "choose",    "pmod",   "bmod",   "mod",
            "circ",   "ast",     "star",     "dotsc",     "prime"}) {
        if (name == no) return false;
      }
      return name.compare(0, 4, "end:") != 0;
    }
    default:
      return false;
  }
}

Ref Parser::ParseProduct() {
  if (++depth_ > kMaxNesting) return nullptr;
  std::vector<Ref> factors = {ParsePower(/*as_argument=*/false)};
  while (factors.back() != nullptr) {
    if (TakeSign('*') || TakeCommand("cdot") || TakeCommand("times") || TakeCommand("ast") ||
        TakeCommand("star")) {
      bool negative = false;
      while (AtSign('-') || AtSign('+')) negative ^= Take().text == "-";
      const Ref factor = ParsePower(false);
      factors.push_back(negative ? arena_->Negate(factor) : factor);
    } else if (TakeSign('/') || TakeCommand("div")) {
      bool negative = false;
      while (AtSign('-') || AtSign('+')) negative ^= Take().text == "-";
      // 1/2x is read as (1/2)x, as a computer would.
      Ref divisor = ParsePower(false);
      if (negative) divisor = arena_->Negate(divisor);
      if (divisor == nullptr) return nullptr;
      if (factors.back()->kind == Kind::kNumber && divisor->kind == Kind::kNumber) {
        factors.back() = arena_->Divide(factors.back(), divisor);
      } else {
        factors.push_back(arena_->Make(Kind::kPower, {divisor, arena_->Integer(-1)}));
      }
    } else if (Peek().type == Type::kText && factors.size() == 1) {
      factors[0] = AttachText(factors[0], Take().text);
    } else if (Peek().type == Type::kText) {
      const Ref product = arena_->Make(Kind::kMultiply, factors);
      factors = {AttachText(product, Take().text)};
    } else if (StartsFactor(false)) {
      // 2 3 is no product.
      if (Peek().type == Type::kNumber && tokens_[at_ - 1].type == Type::kNumber) return nullptr;
      factors.push_back(ParsePower(false));
    } else {
      break;
    }
  }
  --depth_;
  if (factors.size() == 1) return factors[0];
  return arena_->Make(Kind::kMultiply, std::move(factors));
}

Ref Parser::AttachText(Ref quantity, const std::string& words) {
  if (quantity == nullptr) return nullptr;
  for (const auto& [word, scale] : kScaleWords) {
    if (words == word) return arena_->Multiply(quantity, arena_->Integer(scale));
  }
  if (quantity->kind == Kind::kText) {
    return arena_->Make(Kind::kText, {}, absl::StrCat(quantity->text, " ", words));
  }
  if (quantity->kind == Kind::kUnit) {
    return arena_->Make(Kind::kUnit, quantity->args, absl::StrCat(quantity->text, " ", words));
  }
  std::string unit = words;
  // cm^2, cm², cm^{2}
  if (AtSign('^')) {
    const bool braces = AtSign('{', 1);
    const size_t number = braces ? 2 : 1;
    if (Peek(number).type == Type::kNumber) {
      absl::StrAppend(&unit, "^", Peek(number).text);
      at_ += number + (braces ? 2 : 1);
    }
  }
  return arena_->Make(Kind::kUnit, {quantity}, std::move(unit));
}

Ref Parser::ParsePower(bool as_argument) {
  if (++depth_ > kMaxNesting) return nullptr;
  Ref base = ParsePrimary(as_argument);
  if (base != nullptr) base = ParsePostfix(base, as_argument);
  --depth_;
  return base;
}

Ref Parser::ParsePostfix(Ref base, bool as_argument) {
  while (base != nullptr) {
    if (AtSign('^')) {
      base = ParseExponent(base);
    } else if (AtSign('_')) {
      base = ParseSubscript(base);
    } else if (AtSign('!')) {
      ++at_;
      base = arena_->Function("factorial", {base});
    } else if (TakeSign('%') || TakeCommand("percent")) {
      if (base->kind == Kind::kUnit) return nullptr;
      base = arena_->Make(Kind::kUnit, {base}, "%");
    } else if (TakeCommand("degree")) {
      base = arena_->Make(Kind::kUnit, {base}, "degree");
    } else if (AtSign('\'') || AtCommand("prime")) {
      ++at_;
      if (base->kind != Kind::kSymbol) return nullptr;
      base = arena_->Symbol(absl::StrCat(base->text, "'"));
    } else {
      break;
    }
  }
  return base;
}

Ref Parser::ParseExponent(Ref base) {
  ++at_;
  // x^\circ, x^{\circ}
  if (TakeCommand("circ") || TakeCommand("degree")) {
    return arena_->Make(Kind::kUnit, {base}, "degree");
  }
  if (AtSign('{') && (AtCommand("circ", 1) || AtCommand("degree", 1)) && AtSign('}', 2)) {
    at_ += 3;
    return arena_->Make(Kind::kUnit, {base}, "degree");
  }
  if (TakeCommand("prime")) {
    return base->kind == Kind::kSymbol ? arena_->Symbol(absl::StrCat(base->text, "'")) : nullptr;
  }
  bool negative = false;
  while (AtSign('-') || AtSign('+')) negative ^= Take().text == "-";
  // Towers lean to the right: a^b^c = a^(b^c).
  Ref exponent = ParsePower(/*as_argument=*/true);
  if (negative) exponent = arena_->Negate(exponent);
  return arena_->Make(Kind::kPower, {base, exponent});
}

Ref Parser::ParseSubscript(Ref base) {
  ++at_;
  if (base->kind == Kind::kNumber) {
    // Digits in a stated base: 204_5, 204_{5}, 204_{\text{five}} is none.
    const Ref in_base = ParseArgument();
    if (in_base == nullptr || in_base->kind != Kind::kNumber || base->places >= 0) return nullptr;
    const std::optional<int64_t> radix = in_base->number.ToInt();
    if (!radix || *radix < 2 || *radix > 36) return nullptr;
    const Ref digits = arena_->Make(Kind::kBased, {in_base}, base->number.ToString());
    return digits;
  }
  const Ref subscript = ParseArgument();
  if (subscript == nullptr) return nullptr;
  const std::string key = Key(subscript, arena_->budget());
  if (base->kind == Kind::kSymbol) {
    return arena_->Symbol(
        absl::StrCat(base->text, "_", subscript->kind == Kind::kText ? subscript->text : key));
  }
  return arena_->Make(Kind::kOpaque, {base, subscript}, "subscript");
}

// The fraction behind a whole number makes a mixed number of it.
Ref Parser::Mixed(Ref whole) {
  if (whole->places >= 0 || !whole->number.is_integer() || whole->number.sign() <= 0) return whole;
  if (AtCommand("frac") || AtCommand("dfrac") || AtCommand("tfrac")) {
    const size_t before = at_;
    const int depth = depth_;
    ++at_;
    const Ref fraction = ParseFraction();
    depth_ = depth;
    const bool proper = fraction != nullptr && fraction->kind == Kind::kNumber &&
                        fraction->number.sign() > 0 && fraction->number < Fraction(1) &&
                        fraction->places < 0;
    if (!proper) {
      at_ = before;
      return whole;
    }
    std::optional<Fraction> sum = Fraction::Add(whole->number, fraction->number, arena_->budget());
    return sum ? arena_->Number(*std::move(sum)) : nullptr;
  }
  const bool plain = Peek().type == Type::kNumber && Peek().space && Peek().places < 0 &&
                     AtSign('/', 1) && Peek(2).type == Type::kNumber && Peek(2).places < 0 &&
                     !Peek(2).space;
  if (!plain) return whole;
  const size_t before = at_;
  const Ref upper = ParseNumber();
  ++at_;
  const Ref lower = ParseNumber();
  const Ref fraction = arena_->Divide(upper, lower);
  const bool proper =
      fraction != nullptr && fraction->kind == Kind::kNumber && fraction->number < Fraction(1);
  if (!proper) {
    at_ = before;
    return whole;
  }
  std::optional<Fraction> sum = Fraction::Add(whole->number, fraction->number, arena_->budget());
  return sum ? arena_->Number(*std::move(sum)) : nullptr;
}

}  // namespace hone::math
