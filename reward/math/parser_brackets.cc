// Numbers, names, and whatever has an opening and a closing sign.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reward/math/parser.h"
#include "reward/math/parser_state.h"

namespace hone::math {
namespace {

constexpr size_t kMaxMatrixEntries = 400;

bool IsFunctionName(absl::string_view name) {
  return name == "f" || name == "g" || name == "h" || name == "F" || name == "G" || name == "H";
}

// Functions where a single letter or number stands in the parentheses: p(x), but not p(x + 1).
bool IsOftenFunctionName(absl::string_view name) {
  return name.size() == 1 && absl::string_view("pquvPQRSTW").find(name) != absl::string_view::npos;
}

}  // namespace

Ref Parser::ParsePrimary(bool as_argument) {
  if (++depth_ > kMaxNesting) return nullptr;
  Ref primary = nullptr;
  switch (Peek().type) {
    case Type::kNumber:
      primary = ParseNumber();
      if (primary != nullptr && !as_argument && primary->kind == Kind::kNumber) {
        primary = Mixed(primary);
      }
      break;
    case Type::kLetter:
      primary = ParseSymbol(Take().text);
      break;
    case Type::kText:
      primary = arena_->Make(Kind::kText, {}, Take().text);
      break;
    case Type::kCommand:
      primary = ParseCommand(as_argument);
      break;
    case Type::kSign:
      switch (Peek().text[0]) {
        case '(':
        case '[':
          primary = ParseBracket(Take().text[0]);
          break;
        case ']':  // ]a, b[
          primary = ParseBracket(Take().text[0]);
          break;
        case '{':
          ++at_;
          primary = ParseGroup();
          break;
        case '|':
          ++at_;
          primary = ParseBars();
          break;
        default:
          break;
      }
      break;
    default:
      break;
  }
  --depth_;
  return primary;
}

Ref Parser::ParseNumber() {
  const Token token = Take();
  const int64_t places = token.places < 0 ? 0 : token.places;
  std::optional<Fraction> value =
      Fraction::FromDigits(token.text, token.exponent - places, 10, arena_->budget());
  if (!value) {
    // Too large to write out, yet a number: m × 10^e.
    std::optional<Fraction> mantissa =
        Fraction::FromDigits(token.text, -places, 10, arena_->budget());
    if (!mantissa) return nullptr;
    return arena_->Multiply(
        arena_->Number(*std::move(mantissa)),
        arena_->Make(Kind::kPower, {arena_->Integer(10), arena_->Integer(token.exponent)}));
  }
  const int shown = token.places < 0 ? -1 : static_cast<int>(places - token.exponent);
  // 0.\overline{3} and 0.1\overline{6}
  if ((AtCommand("overline") || AtCommand("dot")) && token.places >= 0 && token.exponent == 0 &&
      AtSign('{', 1) && Peek(2).type == Type::kNumber && AtSign('}', 3)) {
    const std::string digits = Peek(2).text;
    at_ += 4;
    const std::optional<Fraction> period =
        Fraction::FromDigits(digits, -places, 10, arena_->budget());
    const std::optional<Fraction> nines =
        Fraction::FromDigits(std::string(digits.size(), '9'), 0, 10, arena_->budget());
    if (!period || !nines) return nullptr;
    const std::optional<Fraction> rest =
        Fraction::Multiply(*period, nines->Inverse(), arena_->budget());
    if (!rest) return nullptr;
    std::optional<Fraction> sum = Fraction::Add(*value, *rest, arena_->budget());
    return sum ? arena_->Number(*std::move(sum)) : nullptr;
  }
  return arena_->Number(*std::move(value), shown);
}

Ref Parser::ParseSymbol(const std::string& name) {
  // e and i are constants unless something marks them as names.
  const bool marked = AtSign('_') || AtSign('\'');
  if (!marked && (name == "e" || name == "i")) return arena_->Make(Kind::kConstant, {}, name);
  const bool one_argument = IsOftenFunctionName(name) && !Peek().space && AtSign(')', 2) &&
                            (Peek(1).type == Type::kLetter || Peek(1).type == Type::kNumber);
  if ((IsFunctionName(name) || one_argument) && AtSign('(')) {
    ++at_;
    const Ref argument = ParseBracket('(');
    return arena_->Make(Kind::kOpaque, {argument}, name);
  }
  return arena_->Symbol(name);
}

Ref Parser::ParseGroup() {
  const bool bars = std::exchange(bars_close_, false);
  const Ref inner = AtSign('}') ? arena_->Make(Kind::kText, {}, "") : ParseAnswer();
  bars_close_ = bars;
  // \over and \choose part a group in two.
  if (AtCommand("over") || AtCommand("choose")) {
    const bool over = Take().text == "over";
    const Ref lower = ParseAnswer();
    if (!TakeSign('}')) return nullptr;
    return over ? arena_->Divide(inner, lower) : arena_->Function("binomial", {inner, lower});
  }
  return TakeSign('}') || AtEnd() ? inner : nullptr;
}

Ref Parser::ParseBracket(char open) {
  const bool bars = std::exchange(bars_close_, false);
  const bool reversed = std::exchange(reversed_, open == ']' || open == '[');
  const Ref inner = ParseAnswer();
  bars_close_ = bars;
  reversed_ = reversed;
  if (inner == nullptr) return nullptr;
  const bool reversed_close = open == ']' || open == '[';
  char close = 0;
  if (open == '<') {
    if (!TakeCommand("rangle") && !(Peek().type == Type::kRelation && Take().text == ">")) {
      return nullptr;
    }
  } else if (AtSign(')') || AtSign(']') || (reversed_close && AtSign('['))) {
    close = Take().text[0];
  } else {
    return nullptr;
  }
  const bool list = inner->kind == Kind::kList && inner->text == ",";
  if (!list) {
    const bool matches =
        open == '<' || (open == '(' && close == ')') || (open == '[' && close == ']');
    return matches ? inner : nullptr;
  }
  if (open == '<' || inner->args.size() != 2) return arena_->Make(Kind::kTuple, inner->args);
  if (open == '(' && close == ')') return arena_->Make(Kind::kTuple, inner->args);
  const char left = open == '[' ? '[' : '(';
  const char right = close == ']' ? ']' : ')';
  return arena_->Make(Kind::kInterval, inner->args, std::string({left, right}));
}

// \{ … \}, also { x | x > 2 }: what stands behind the bar says which x.
Ref Parser::ParseSet() {
  if (TakeCommand("rbrace")) return arena_->Make(Kind::kNamedSet, {}, "empty");
  const bool bars = std::exchange(bars_close_, true);
  Ref inner = ParseAnswer();
  bars_close_ = bars;
  if (inner == nullptr) return nullptr;
  if (AtSign('|') || AtCommand("mid") || AtSign(':') || AtCommand("vert") || AtCommand("colon")) {
    ++at_;
    inner = ParseAnswer();
    return TakeCommand("rbrace") ? inner : nullptr;
  }
  if (!TakeCommand("rbrace") && !TakeSign('}') && !AtEnd()) return nullptr;
  if (inner->kind == Kind::kList) return arena_->Make(Kind::kSet, inner->args);
  return arena_->Make(Kind::kSet, {inner});
}

Ref Parser::ParseBars() {
  const bool bars = std::exchange(bars_close_, true);
  const Ref inner = ParseSum();
  bars_close_ = bars;
  if (!TakeSign('|') && !TakeCommand("rvert") && !TakeCommand("vert")) return nullptr;
  if (inner != nullptr && inner->kind == Kind::kMatrix) return arena_->Function("det", {inner});
  return arena_->Function("abs", {inner});
}

Ref Parser::ParseRounding(absl::string_view close, absl::string_view function) {
  const Ref inner = ParseSum();
  return TakeCommand(close) ? arena_->Function(function, {inner}) : nullptr;
}

Ref Parser::ParseMatrix(const std::string& environment) {
  const std::string end = absl::StrCat("end:", environment);
  const bool matrix = environment == "pmatrix" || environment == "bmatrix" ||
                      environment == "matrix" || environment == "vmatrix" ||
                      environment == "array" || environment == "smallmatrix" ||
                      environment == "Bmatrix";
  if (!matrix) return nullptr;
  std::vector<Ref> entries;
  size_t columns = 0, in_row = 0;
  while (!AtCommand(end)) {
    const Ref entry = ParseSets();
    if (entry == nullptr || entries.size() == kMaxMatrixEntries) return nullptr;
    entries.push_back(entry);
    ++in_row;
    if (TakeSign('&')) continue;
    if (columns == 0) columns = in_row;
    if (in_row != columns) return nullptr;
    in_row = 0;
    if (Peek().type != Type::kRowBreak) break;
    while (Peek().type == Type::kRowBreak) ++at_;
  }
  if (!TakeCommand(end) || entries.empty()) return nullptr;
  const Ref value = arena_->Matrix(std::move(entries), static_cast<int64_t>(columns));
  return environment == "vmatrix" ? arena_->Function("det", {value}) : value;
}

}  // namespace hone::math
