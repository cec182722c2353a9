#include "reward/expression.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace hone {
namespace {

constexpr int kMaxDigits = 18;  // always fit in an int64_t

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text), rest_(text) {}

  StatusOr<Expression> Parse() {
    HONE_ASSIGN_OR_RETURN(result_.value, ParseSum(0));
    SkipSpace();
    if (absl::ConsumePrefix(&rest_, "=")) {
      HONE_ASSIGN_OR_RETURN(result_.stated, ParseNumber());
      SkipSpace();
    }
    if (!rest_.empty()) return Unexpected("an operator or the end");
    return std::move(result_);
  }

 private:
  using Operation = std::optional<Rational> (*)(const Rational&, const Rational&);

  void SkipSpace() {
    while (!rest_.empty() && absl::string_view(" \t\r\n").find(rest_[0]) != rest_.npos) {
      rest_.remove_prefix(1);
    }
  }

  // Each alternative with the character's bytes: a prefix of a character never matches.
  Operation NextSumOperation() {
    SkipSpace();
    if (absl::ConsumePrefix(&rest_, "+")) return Rational::Add;
    if (absl::ConsumePrefix(&rest_, "-") || absl::ConsumePrefix(&rest_, "\u2212")) {
      return Rational::Subtract;
    }
    return nullptr;
  }

  Operation NextProductOperation() {
    SkipSpace();
    if (absl::ConsumePrefix(&rest_, "*") || absl::ConsumePrefix(&rest_, "\u00d7")) {
      return Rational::Multiply;
    }
    if (absl::ConsumePrefix(&rest_, "/") || absl::ConsumePrefix(&rest_, "\u00f7")) {
      return Rational::Divide;
    }
    return nullptr;
  }

  StatusOr<Rational> ParseSum(int depth) {
    HONE_ASSIGN_OR_RETURN(Rational sum, ParseProduct(depth));
    while (const Operation operation = NextSumOperation()) {
      HONE_ASSIGN_OR_RETURN(const Rational term, ParseProduct(depth));
      sum = Apply(operation, sum, term);
    }
    return sum;
  }

  StatusOr<Rational> ParseProduct(int depth) {
    HONE_ASSIGN_OR_RETURN(Rational product, ParseFactor(depth));
    while (const Operation operation = NextProductOperation()) {
      HONE_ASSIGN_OR_RETURN(const Rational factor, ParseFactor(depth));
      product = Apply(operation, product, factor);
    }
    return product;
  }

  StatusOr<Rational> ParseFactor(int depth) {
    SkipSpace();
    if (!absl::ConsumePrefix(&rest_, "(")) {
      HONE_ASSIGN_OR_RETURN(const int64_t number, ParseNumber());
      result_.numbers.push_back(number);
      return Rational(number);
    }
    if (depth == kMaxExpressionDepth) {
      return absl::InvalidArgumentError(
          absl::StrCat("parentheses are more than ", kMaxExpressionDepth, " deep"));
    }
    HONE_ASSIGN_OR_RETURN(const Rational inner, ParseSum(depth + 1));
    SkipSpace();
    if (!absl::ConsumePrefix(&rest_, ")")) return Unexpected("an operator or \")\"");
    return inner;
  }

  StatusOr<int64_t> ParseNumber() {
    SkipSpace();
    int64_t value = 0;
    int num_digits = 0;
    while (num_digits < static_cast<int>(rest_.size()) && IsDigit(rest_[num_digits])) {
      if (num_digits == kMaxDigits) {
        return absl::InvalidArgumentError(
            absl::StrCat("a number has more than ", kMaxDigits, " digits"));
      }
      value = 10 * value + (rest_[num_digits++] - '0');
    }
    if (num_digits == 0) return Unexpected("a number or \"(\"");
    if (num_digits > 1 && rest_[0] == '0') {
      return absl::InvalidArgumentError("a number begins with 0");
    }
    rest_.remove_prefix(num_digits);
    return value;
  }

  // After a problem the value means nothing, but the rest is still checked for its form.
  Rational Apply(Operation operation, const Rational& a, const Rational& b) {
    if (result_.problem != Expression::Problem::kNone) return Rational();
    if (operation == Rational::Divide && b.is_zero()) {
      result_.problem = Expression::Problem::kDivisionByZero;
      return Rational();
    }
    const std::optional<Rational> value = operation(a, b);
    if (!value.has_value()) result_.problem = Expression::Problem::kOverflow;
    return value.value_or(Rational());
  }

  Status Unexpected(absl::string_view wanted) const {
    const size_t position = text_.size() - rest_.size();
    if (rest_.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("ends where ", wanted, " must stand"));
    }
    return absl::InvalidArgumentError(absl::StrCat("\"", absl::CHexEscape(rest_.substr(0, 8)),
                                                   "\" at byte ", position, " where ", wanted,
                                                   " must stand"));
  }

  absl::string_view text_;
  absl::string_view rest_;
  Expression result_;
};

}  // namespace

StatusOr<Expression> ParseExpression(absl::string_view text) {
  if (text.size() > kMaxExpressionBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("is longer than ", kMaxExpressionBytes, " bytes"));
  }
  return Parser(text).Parse();
}

}  // namespace hone
