// Commands that take arguments: fractions, roots, functions, sums and integrals.
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reward/math/parser.h"
#include "reward/math/parser_state.h"
#include "reward/math/vocabulary.h"

namespace hone::math {

// One token, of a number one digit, or a group: \frac12, \frac{1}{2}.
Ref Parser::ParseArgument() {
  if (++depth_ > kMaxNesting) return nullptr;
  Ref argument = nullptr;
  if (TakeSign('{')) {
    argument = ParseGroup();
  } else if (Peek().type == Type::kNumber && Peek().places < 0 && Peek().text.size() > 1) {
    const int64_t digit = Peek().text[0] - '0';
    tokens_[at_].text.erase(0, 1);
    tokens_[at_].space = false;
    argument = arena_->Integer(digit);
  } else if (TakeSign('-')) {
    argument = arena_->Negate(ParsePrimary(/*as_argument=*/true));
  } else {
    argument = ParsePrimary(/*as_argument=*/true);
  }
  --depth_;
  return argument;
}

Ref Parser::ParseFraction() {
  if (AtSign('(')) {  // plain frac(a, b)
    ++at_;
    const Ref both = ParseBracket('(');
    if (both == nullptr || both->kind != Kind::kTuple || both->args.size() != 2) return nullptr;
    return arena_->Divide(both->args[0], both->args[1]);
  }
  const Ref upper = ParseArgument();
  return arena_->Divide(upper, ParseArgument());
}

Ref Parser::ParseRoot() {
  Ref degree = nullptr;
  if (TakeSign('[')) {
    degree = ParseSum();
    if (!TakeSign(']')) return nullptr;
  }
  // The digits behind \sqrt are one number, though LaTeX takes the first alone.
  const Ref radicand = Peek().type == Type::kNumber ? ParseNumber() : ParseArgument();
  if (degree == nullptr || IsNumber(degree, 2)) return arena_->Function("sqrt", {radicand});
  return arena_->Function("root", {radicand, degree});
}

Ref Parser::ParseFunctionArgument() {
  if (TakeSign('(')) return ParseBracket('(');
  if (TakeSign('[')) return ParseBracket('[');
  const bool negative = TakeSign('-');
  if (AtSign('|') && !bars_close_) {
    ++at_;
    return ParseBars();
  }
  std::vector<Ref> factors;
  if (Peek().type == Type::kCommand && IsPrefixFunction(Peek().text)) {
    factors.push_back(ParsePower(false));  // \ln \sin x
  } else {
    factors.push_back(ParsePower(true));
    while (factors.back() != nullptr) {
      if (StartsFactor(true)) {
        factors.push_back(ParsePower(true));
      } else if (AtSign('/') && Peek(1).type == Type::kNumber) {
        ++at_;
        const Ref upper = factors.back();
        factors.back() = arena_->Divide(upper, ParsePower(true));
      } else {
        break;
      }
    }
  }
  const Ref argument =
      factors.size() == 1 ? factors[0] : arena_->Make(Kind::kMultiply, std::move(factors));
  return negative ? arena_->Negate(argument) : argument;
}

Ref Parser::ParseFunction(const std::string& name) {
  Ref base = nullptr, power = nullptr;
  bool inverse = false;
  for (int i = 0; i < 2; ++i) {
    if (base == nullptr && TakeSign('_')) {
      base = ParseArgument();
      if (base == nullptr) return nullptr;
    } else if (power == nullptr && AtSign('^')) {
      ++at_;
      const bool negative = TakeSign('-');
      power = negative ? arena_->Negate(ParseArgument()) : ParseArgument();
      if (power == nullptr) return nullptr;
      inverse = IsNumber(power, -1);
    }
  }
  const Ref argument = ParseFunctionArgument();
  if (argument == nullptr) return nullptr;
  std::string function = name;
  if (inverse) function = absl::StrCat("arc", name);
  if (absl::StartsWith(function, "ar") && !absl::StartsWith(function, "arc") && name != "arg") {
    function = absl::StrCat("arc", function.substr(2));
  }
  std::vector<Ref> args = {argument};
  if (argument->kind == Kind::kTuple || argument->kind == Kind::kList) args = argument->args;
  if (base != nullptr) {
    if (name != "log") return nullptr;
    args.push_back(base);
  }
  const Ref value = arena_->Function(function, std::move(args));
  return power == nullptr || inverse ? value : arena_->Make(Kind::kPower, {value, power});
}

// Sums, integrals and limits are not evaluated: what they are made of is compared.
Ref Parser::ParseBigOperator(const std::string& name) {
  std::vector<Ref> parts;
  std::string shape = name;
  while (AtSign('_') || AtSign('^')) {
    shape += Take().text;
    if (TakeSign('{')) {
      parts.push_back(ParseAnswer());
      if (!TakeSign('}')) return nullptr;
    } else {
      parts.push_back(ParseArgument());
    }
    if (parts.back() == nullptr) return nullptr;
  }
  parts.push_back(ParseProduct());
  return arena_->Make(Kind::kOpaque, std::move(parts), shape);
}

// 0.\overline{3}: the number before it is the last primary that was read.
Ref Parser::ParseNamedSet(absl::string_view name) {
  std::string set(name);
  if (AtSign('^') || AtSign('_')) {
    // R^+, R_{>0} and the like keep their mark.
    absl::StrAppend(&set, Take().text);
    if (AtSign('+') || AtSign('-') || AtSign('*')) {
      absl::StrAppend(&set, Take().text);
    } else if (TakeSign('{')) {
      while (!AtEnd() && !TakeSign('}')) absl::StrAppend(&set, Take().text);
    } else {
      absl::StrAppend(&set, Take().text);
    }
  }
  return arena_->Make(Kind::kNamedSet, {}, set);
}

// \vec{a}, \overline{AB}, \hat{x}: a name with a mark.
Ref Parser::ParseMarked(const std::string& name) {
  const Ref inner = ParseArgument();
  if (inner == nullptr) return nullptr;
  return arena_->Make(Kind::kOpaque, {inner}, name);
}

Ref Parser::ParseCommand(bool as_argument) {
  const std::string& name = Take().text;
  if (name == "frac" || name == "dfrac" || name == "tfrac" || name == "cfrac") {
    return ParseFraction();
  }
  if (name == "sqrt") return ParseRoot();
  if (name == "cbrt") return arena_->Function("root", {ParseArgument(), arena_->Integer(3)});
  if (name == "binom" || name == "dbinom" || name == "tbinom") {
    const Ref n = ParseArgument();
    return arena_->Function("binomial", {n, ParseArgument()});
  }
  if (name == "pi") return arena_->Make(Kind::kConstant, {}, "pi");
  if (name == "infty") return arena_->Make(Kind::kConstant, {}, "inf");
  if (IsPrefixFunction(name)) return ParseFunction(name);
  if (name == "lbrace") return ParseSet();
  if (name == "langle") return ParseBracket('<');
  if (name == "lfloor") return ParseRounding("rfloor", "floor");
  if (name == "lceil") return ParseRounding("rceil", "ceil");
  if (name == "lvert" || name == "vert") {
    return ParseBars();
  }
  if (name == "emptyset" || name == "varnothing") {
    return arena_->Make(Kind::kNamedSet, {}, "empty");
  }
  if (absl::StartsWith(name, "set") && name.size() == 4) return ParseNamedSet(name.substr(3));
  if (absl::StartsWith(name, "begin:")) return ParseMatrix(name.substr(6));
  if (name == "sum" || name == "prod" || name == "int" || name == "lim" || name == "iint" ||
      name == "oint") {
    return ParseBigOperator(name);
  }
  if (name == "overline" || name == "bar" || name == "vec" || name == "hat" || name == "dot" ||
      name == "tilde" || name == "widehat" || name == "overrightarrow") {
    return ParseMarked(name);
  }
  if (name == "underline") return ParseArgument();
  if (name == "angle" || name == "triangle") {
    return arena_->Make(Kind::kOpaque, {ParseProduct()}, name);
  }
  if (name == "rbrace" || name == "rangle" || absl::StartsWith(name, "end:")) return nullptr;
  if (name == "varphi") return ParseSymbol("phi");
  if (name == "varepsilon") return ParseSymbol("epsilon");
  return ParseSymbol(name);
}

}  // namespace hone::math
