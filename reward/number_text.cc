#include "reward/number_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace hone {
namespace {

// Stands for a thin space, which may separate thousands, in text that Plain() has made.
constexpr char kThinSpace = '\x1f';
constexpr absl::string_view kTimesSign = "×";
constexpr std::array<absl::string_view, 5> kCurrencies = {"$", "€", "£", "¥", "₹"};
constexpr std::array<std::pair<absl::string_view, int>, 5> kScaleWords = {
    {{"hundred", 2}, {"thousand", 3}, {"million", 6}, {"billion", 9}, {"trillion", 12}}};
// Words that make another number of the one beside them.
constexpr std::array<absl::string_view, 7> kArithmeticWords = {
    "half", "halves", "thirds", "minus", "plus", "negative", "squared"};
constexpr size_t kMaxDenominatorDigits = 18;
constexpr size_t kMaxMixedDigits = 9;  // of each part: products stay below 10^18

// What LaTeX and Markdown put around plain text is taken away; what is left of LaTeX is \frac and
// what no number has.
std::string Plain(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\dfrac", "\\frac"},
                                    {"\\tfrac", "\\frac"},
                                    {"\\$", "$"},
                                    {"\\%", "%"},
                                    {"{,}", ","},
                                    {"\\!", ""},
                                    {"\\,", "\x1f"},
                                    {"\u2009", "\x1f"},
                                    {"\u202f", "\x1f"},
                                    {"\u00a0", "\x1f"},
                                    {"\\;", " "},
                                    {"\\:", " "},
                                    {"\\ ", " "},
                                    {"~", " "},
                                    {"\\quad", " "},
                                    {"\\left", ""},
                                    {"\\right", ""},
                                    {"\\(", " "},
                                    {"\\)", " "},
                                    {"\\[", " "},
                                    {"\\]", " "},
                                    {"**", ""},
                                    {"__", ""},
                                    {"`", ""},
                                    {"\u2212", "-"},
                                    {"\\times", "×"},
                                    {"\\cdot", "×"},
                                    {"\\text{", " {"},
                                    {"\\textbf{", " {"},
                                    {"\\textrm{", " {"},
                                    {"\\mathrm{", " {"},
                                    {"\\mathbf{", " {"},
                                    {"\\mbox{", " {"},
                                    {"\\boxed{", " {"},
                                    {"\\fbox{", " {"},
                                    {"<answer>", " "},
                                    {"</answer>", " "}});
}

bool IsSpace(char c) { return absl::ascii_isspace(c) || c == kThinSpace; }
bool IsDigit(char c) { return absl::ascii_isdigit(c); }

// A place in the text where digits stand, and the number, if they make one.
struct Token {
  size_t begin = 0, end = 0;
  std::optional<NumberText> number;
  bool too_large = false;
};

struct Decimal {
  std::string digits;  // without the point
  int64_t exponent = 0;
  bool whole = true;  // no point
};

// Reads a Plain() text from left to right.
class Scanner {
 public:
  explicit Scanner(absl::string_view text) : text_(text) {}

  // The next place with digits; nullopt at the end.
  std::optional<Token> Next() {
    for (; at_ < text_.size(); ++at_) {
      if (InsideWord()) {
        while (at_ < text_.size() && absl::ascii_isalnum(text_[at_])) ++at_;
        if (at_ == text_.size()) break;
      }
      const size_t begin = at_;
      Token token;
      const bool negative = SkipSignAndCurrency();
      if (AtMagnitude()) {
        token.begin = begin;
        Read(negative, &token);
        token.end = at_;
        return token;
      }
      at_ = begin;
    }
    return std::nullopt;
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool Skip(absl::string_view word) {
    if (!absl::StartsWith(text_.substr(at_), word)) return false;
    at_ += word.size();
    return true;
  }
  void SkipSpaces() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  // Digits behind a letter, "_", "^" or a backslash's word name something else: H2O, x_2, 2^3.
  bool InsideWord() const {
    if (!IsDigit(Peek()) || at_ == 0) return false;
    const char before = text_[at_ - 1];
    return absl::ascii_isalpha(before) || before == '_' || before == '^';
  }

  // A sign counts only where it cannot be an operator: not behind a number, a letter or ")".
  bool SignIsAllowed() const {
    size_t i = at_;
    while (i > 0 && IsSpace(text_[i - 1])) --i;
    if (i == 0) return true;
    const char before = text_[i - 1];
    if (IsDigit(before) || before == ')' || before == '}' || before == '%') return false;
    return i < at_ || !absl::ascii_isalpha(before);
  }

  bool SkipSignAndCurrency() {
    bool negative = false;
    const auto skip_sign = [&] {
      if ((Peek() != '-' && Peek() != '+') || !SignIsAllowed()) return false;
      negative = Peek() == '-';
      ++at_;
      return true;
    };
    const bool has_sign = skip_sign();
    for (const absl::string_view currency : kCurrencies) {
      if (!Skip(currency)) continue;
      if (!has_sign) skip_sign();
      if (Peek() == ' ') ++at_;
      break;
    }
    return negative;
  }

  bool AtMagnitude() const {
    return IsDigit(Peek()) || (Peek() == '.' && IsDigit(Peek(1))) ||
           absl::StartsWith(text_.substr(at_), "\\frac{");
  }

  void Read(bool negative, Token* token) {
    NumberText number;
    if (!ReadMagnitude(negative, &number.value, &token->too_large) || !EndsHere()) {
      SkipRest();
      return;
    }
    ReadScaleWord(&number.value);
    number.percent = ReadPercent();
    if (!token->too_large) token->number = std::move(number);
  }

  bool ReadMagnitude(bool negative, ExactNumber* value, bool* too_large) {
    if (Peek() == '\\') {
      Decimal above, below;
      return ReadFrac(&above, &below) && Divide(negative, above, below, value, too_large);
    }
    Decimal decimal;
    if (!ReadDecimal(&decimal)) return false;
    const size_t after = at_;
    SkipSpaces();
    if (Peek() == '/') {
      ++at_;
      SkipSpaces();
      Decimal below;
      if (IsDigit(Peek())) {
        return ReadDecimal(&below) && Divide(negative, decimal, below, value, too_large);
      }
    } else if (decimal.whole && (IsDigit(Peek()) || Peek() == '\\')) {
      bool mixed = false;
      if (!ReadMixed(negative, decimal, value, &mixed, too_large)) return false;
      if (mixed) return true;
    }
    at_ = after;
    int64_t exponent = 0;
    if (!ReadExponent(&exponent)) *too_large = true;
    if (decimal.digits.size() > kMaxNumberDigits) *too_large = true;
    if (*too_large) return true;
    *value = ExactNumber(negative, decimal.digits, decimal.exponent + exponent, 1);
    return true;
  }

  // "12", "1,234.50", ".5". False for groups that are none ("1,8").
  bool ReadDecimal(Decimal* decimal) {
    size_t run = 0;
    for (; IsDigit(Peek()); ++at_, ++run) decimal->digits.push_back(Peek());
    const char separator = Peek();
    if ((separator == ',' || separator == kThinSpace) && run >= 1 && run <= 3) {
      while (Peek() == separator && IsDigit(Peek(1)) && IsDigit(Peek(2)) && IsDigit(Peek(3)) &&
             !IsDigit(Peek(4))) {
        absl::StrAppend(&decimal->digits, text_.substr(at_ + 1, 3));
        at_ += 4;
      }
    }
    if (Peek() == '.' && IsDigit(Peek(1))) {
      decimal->whole = false;
      for (++at_; IsDigit(Peek()); ++at_) {
        decimal->digits.push_back(Peek());
        --decimal->exponent;
      }
    }
    return !(Peek() == ',' && IsDigit(Peek(1)));
  }

  // "\frac{a}{b}"
  bool ReadFrac(Decimal* above, Decimal* below) {
    if (!Skip("\\frac{") || !AtMagnitude() || Peek() == '\\') return false;
    if (!ReadDecimal(above) || !Skip("}{")) return false;
    if (!AtMagnitude() || Peek() == '\\') return false;
    return ReadDecimal(below) && Skip("}");
  }

  bool Divide(bool negative, const Decimal& above, const Decimal& below, ExactNumber* value,
              bool* too_large) {
    const size_t zeros = std::min(below.digits.find_first_not_of('0'), below.digits.size());
    const absl::string_view divisor = absl::string_view(below.digits).substr(zeros);
    if (divisor.empty()) return false;
    *too_large = above.digits.size() > kMaxNumberDigits || divisor.size() > kMaxDenominatorDigits;
    uint64_t denominator = 1;
    if (*too_large || !absl::SimpleAtoi(divisor, &denominator)) return *too_large;
    *value = ExactNumber(negative, above.digits, above.exponent - below.exponent, denominator);
    return true;
  }

  // The fraction behind a whole number: "1 1/2", "1\frac{1}{2}". Other digits may follow a number
  // too; then *mixed stays false.
  bool ReadMixed(bool negative, const Decimal& whole, ExactNumber* value, bool* mixed,
                 bool* too_large) {
    const size_t begin = at_;
    Decimal above, below;
    if (Peek() == '\\') {
      if (!absl::StartsWith(text_.substr(at_), "\\frac{")) return true;
      if (!ReadFrac(&above, &below)) return false;
    } else {
      if (!ReadDecimal(&above) || !above.whole || Peek() != '/' || !IsDigit(Peek(1))) {
        at_ = begin;
        return true;
      }
      ++at_;
      if (!ReadDecimal(&below)) return false;
    }
    uint64_t a = 0, b = 0, c = 0;
    if (!above.whole || !below.whole) return false;
    *too_large =
        std::max({whole.digits.size(), above.digits.size(), below.digits.size()}) > kMaxMixedDigits;
    *mixed = true;
    if (*too_large) return true;
    const bool read = absl::SimpleAtoi(whole.digits, &a) && absl::SimpleAtoi(above.digits, &b) &&
                      absl::SimpleAtoi(below.digits, &c);
    if (!read || c == 0) return false;
    *value = ExactNumber(negative, absl::StrCat(a * c + b), 0, c);
    return true;
  }

  // "e-3", "× 10^{-3}" or nothing. False when it is too large.
  bool ReadExponent(int64_t* exponent) {
    const size_t begin = at_;
    bool braces = false;
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
    } else {
      SkipSpaces();
      if (!Skip(kTimesSign) && !Skip("x") && !Skip("*")) return Restore(begin);
      SkipSpaces();
      if (!Skip("10^")) return Restore(begin);
      braces = Skip("{");
    }
    const bool negative = Peek() == '-';
    if (Peek() == '-' || Peek() == '+') ++at_;
    const size_t digits = at_;
    while (IsDigit(Peek())) ++at_;
    absl::string_view number = text_.substr(digits, at_ - digits);
    if (number.empty() || (braces && !Skip("}"))) return Restore(begin);
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size() - 1));
    if (number.size() > kMaxExponentDigits || !absl::SimpleAtoi(number, exponent)) return false;
    if (negative) *exponent = -*exponent;
    return true;
  }

  bool Restore(size_t at) {
    at_ = at;
    return true;
  }

  // Whether what follows leaves the digits a number: not 1.2.3, 10:30, 1/2/3, 2nd, 2^3.
  bool EndsHere() {
    const char next = Peek();
    if ((next == '.' || next == ',' || next == ':' || next == '/') && IsDigit(Peek(1)))
      return false;
    if (next == '^' || next == '!') return next == '!' && !absl::ascii_isalnum(Peek(1));
    const std::string suffix = absl::AsciiStrToLower(text_.substr(at_, 2));
    const bool ordinal = suffix == "st" || suffix == "nd" || suffix == "rd" || suffix == "th";
    return !ordinal || absl::ascii_isalnum(Peek(2));
  }

  void SkipRest() {
    while (at_ < text_.size() &&
           (absl::ascii_isalnum(Peek()) || Peek() == '.' || Peek() == ',' || Peek() == ':' ||
            Peek() == '/' || Peek() == '^' || Peek() == '\\')) {
      ++at_;
    }
  }

  void ReadScaleWord(ExactNumber* value) {
    const size_t begin = at_;
    SkipSpaces();
    if (begin < at_) {
      for (const auto& [word, exponent] : kScaleWords) {
        if (!absl::StartsWithIgnoreCase(text_.substr(at_), word)) continue;
        at_ += word.size();
        if (absl::ascii_isalpha(Peek())) break;
        *value = value->Shifted(exponent);
        return;
      }
    }
    at_ = begin;
  }

  bool ReadPercent() {
    const size_t begin = at_;
    SkipSpaces();
    if (Skip("%") || absl::StartsWithIgnoreCase(text_.substr(at_), "percent")) {
      if (text_[at_ - 1] != '%') at_ += absl::string_view("percent").size();
      return true;
    }
    at_ = begin;
    return false;
  }

  absl::string_view text_;
  size_t at_ = 0;
};

// Words and punctuation that say no more than what a number is of.
bool IsPlainWords(absl::string_view text) {
  for (const char c : text) {
    const bool fits = absl::ascii_isalpha(c) || IsSpace(c) ||
                      static_cast<unsigned char>(c) >= 0x80 ||
                      absl::StrContains(".,;:!?'\"()[]{}$#&/-", c);
    if (!fits) return false;
  }
  for (const absl::string_view word : kArithmeticWords) {
    for (size_t at = 0; (at = text.find(word, at)) != absl::string_view::npos; ++at) {
      const size_t end = at + word.size();
      const bool begins = at == 0 || !absl::ascii_isalpha(text[at - 1]);
      if (begins && (end == text.size() || !absl::ascii_isalpha(text[end]))) return false;
    }
  }
  return !absl::StrContains(text, kTimesSign) && !absl::StrContains(text, "÷") &&
         !absl::StrContains(text, "√") && !absl::StrContains(text, "π");
}

StatusOr<NumberText> OnlyNumber(absl::string_view plain) {
  Scanner scanner(plain);
  const std::optional<Token> token = scanner.Next();
  if (!token) return absl::InvalidArgumentError("no number");
  if (token->too_large) return absl::InvalidArgumentError("the number is too large");
  if (!token->number) return absl::InvalidArgumentError("no number that can be read");
  if (scanner.Next()) return absl::InvalidArgumentError("more than one number");
  const std::string words = absl::AsciiStrToLower(
      absl::StrCat(plain.substr(0, token->begin), " ", plain.substr(token->end)));
  if (!IsPlainWords(words)) return absl::InvalidArgumentError("not a plain number");
  return *token->number;
}

}  // namespace

StatusOr<NumberText> ReadAnswer(absl::string_view text) {
  if (text.size() > kMaxAnswerBytes) {
    return absl::InvalidArgumentError(absl::StrCat("longer than ", kMaxAnswerBytes, " bytes"));
  }
  const std::string plain = Plain(text);
  StatusOr<NumberText> number = OnlyNumber(plain);
  const size_t equals = plain.rfind('=');
  if (number.ok() || equals == std::string::npos) return number;
  return OnlyNumber(absl::string_view(plain).substr(equals + 1));
}

std::optional<NumberText> FirstNumber(absl::string_view text) {
  const std::string plain = Plain(text.substr(0, kMaxSearchedBytes));
  Scanner scanner(plain);
  while (const std::optional<Token> token = scanner.Next()) {
    if (token->too_large) return std::nullopt;
    if (token->number) return token->number;
  }
  return std::nullopt;
}

std::optional<NumberText> LastNumber(absl::string_view text) {
  if (text.size() > kMaxSearchedBytes) {
    text.remove_prefix(text.size() - kMaxSearchedBytes);
    // The cut may lie within a number.
    text.remove_prefix(std::min(text.find_first_of(" \t\r\n"), text.size()));
  }
  const std::string plain = Plain(text);
  Scanner scanner(plain);
  std::optional<NumberText> last;
  while (const std::optional<Token> token = scanner.Next()) {
    if (token->number || token->too_large) last = token->number;
  }
  return last;
}

}  // namespace hone
