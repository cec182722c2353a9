#include "reward/math/lexer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reward/math/node.h"
#include "reward/math/units.h"
#include "reward/math/vocabulary.h"

namespace hone::math {
namespace {

using Type = Token::Type;

constexpr int64_t kStepsForToken = 10;
constexpr size_t kMaxExponentDigits = 9;
// A run of letters of this length is a word; a shorter one is a product of variables.
constexpr size_t kMinWordLetters = 4;

bool IsDigit(char c) { return absl::ascii_isdigit(c); }
bool IsAlpha(char c) { return absl::ascii_isalpha(c); }

class Lexer {
 public:
  Lexer(absl::string_view text, Comma comma, Budget* budget)
      : text_(text), comma_(comma), budget_(budget) {}

  std::vector<Token> Run() {
    while (at_ < text_.size() && budget_->Spend(kStepsForToken)) Next();
    Push(Type::kEnd, "");
    return std::move(tokens_);
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  absl::string_view Rest() const { return text_.substr(at_); }
  bool Skip(absl::string_view word) {
    if (!absl::StartsWith(Rest(), word)) return false;
    at_ += word.size();
    return true;
  }
  void Push(Type type, absl::string_view text) {
    Token& token = tokens_.emplace_back();
    token.type = type;
    token.text = std::string(text);
    token.space = std::exchange(space_, false);
  }
  void PushSign(char sign) { Push(Type::kSign, std::string(1, sign)); }

  void Next() {
    const char c = Peek();
    if (absl::ascii_isspace(c) || c == '$' || c == '~' || c == '`') {
      space_ = true;
      ++at_;
    } else if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) {
      ReadNumber();
    } else if (IsAlpha(c)) {
      ReadLetters();
    } else if (c == '\\') {
      ReadCommand();
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      ReadUnicode();
    } else {
      ReadSign();
    }
  }

  // Digits with the separators of thousands between them, as `comma_` has it.
  void ReadWhole(std::string* digits) {
    const size_t begin = at_;
    while (IsDigit(Peek())) ++at_;
    absl::StrAppend(digits, text_.substr(begin, at_ - begin));
    if (comma_ != Comma::kThousands || at_ - begin > 3 || at_ == begin || text_[begin] == '0') {
      return;
    }
    constexpr absl::string_view kSeparators[] = {"{,}",    ",\\!",   ",",      "\\,",
                                                 "\u2009", "\u202f", "\u00a0", " "};
    for (const absl::string_view separator : kSeparators) {
      while (true) {
        const size_t group = GroupAfter(separator);
        if (group == 0) break;
        absl::StrAppend(digits, text_.substr(group, 3));
        at_ = group + 3;
      }
    }
  }

  // Where three digits stand behind the separator here; 0 if they do not.
  size_t GroupAfter(absl::string_view separator) const {
    if (!absl::StartsWith(Rest(), separator)) return 0;
    size_t i = at_ + separator.size();
    if (separator == ",\\!") {
      while (i < text_.size() && text_[i] == ' ') ++i;
    }
    for (size_t k = 0; k < 3; ++k) {
      if (i + k >= text_.size() || !IsDigit(text_[i + k])) return 0;
    }
    if (i + 3 < text_.size() && IsDigit(text_[i + 3])) return 0;
    return i;
  }

  void ReadNumber() {
    std::string digits;
    int places = -1;
    int64_t exponent = 0;
    ReadWhole(&digits);
    const bool comma = comma_ == Comma::kDecimal && Peek() == ',';
    if ((Peek() == '.' || comma) && IsDigit(Peek(1))) {
      places = 0;
      for (++at_; IsDigit(Peek()); ++at_, ++places) digits.push_back(Peek());
    } else if (Peek() == '.' && absl::StartsWith(Rest().substr(1), "\\overline")) {
      places = 0;
      ++at_;
    } else if (Peek() == '.' && !digits.empty() && IsDigitsEnd()) {
      ++at_;
    }
    ReadExponent(&exponent);
    Push(Type::kNumber, digits);
    tokens_.back().places = places;
    tokens_.back().exponent = exponent;
  }

  // "18." at the end of a text or before a space is 18.
  bool IsDigitsEnd() const { return Peek(1) == '\0' || absl::ascii_isspace(Peek(1)); }

  void ReadExponent(int64_t* exponent) {
    if (Peek() != 'e' && Peek() != 'E') return;
    const size_t sign = Peek(1) == '-' || Peek(1) == '+' ? 1 : 0;
    size_t end = at_ + 1 + sign;
    while (end < text_.size() && IsDigit(text_[end])) ++end;
    const absl::string_view digits = text_.substr(at_ + 1 + sign, end - at_ - 1 - sign);
    if (digits.empty() || digits.size() > kMaxExponentDigits) return;
    int64_t value = 0;
    if (!absl::SimpleAtoi(digits, &value)) return;
    *exponent = Peek(1) == '-' ? -value : value;
    at_ = end;
  }

  void ReadLetters() {
    const size_t begin = at_;
    while (IsAlpha(Peek())) ++at_;
    absl::string_view run = text_.substr(begin, at_ - begin);
    // What is glued to "or" and "and": 1orW.
    for (const absl::string_view word : {"or", "and"}) {
      if (!absl::StartsWith(run, word) || run.size() == word.size()) continue;
      if (!absl::ascii_isupper(run[word.size()])) continue;
      Push(Type::kWord, word);
      run.remove_prefix(word.size());
      break;
    }
    // A subscript is a name: x_{max}.
    PushLetters(run);
  }

  void PushLetters(absl::string_view run) {
    const absl::string_view command = CommandOfWord(run);
    if (run == "and" || run == "or") {
      Push(Type::kWord, run);
    } else if (!command.empty()) {
      PushCommand(command);
    } else if (run.size() == 1) {
      Push(Type::kLetter, run);
    } else if (absl::string_view function = FunctionBefore(run); !function.empty()) {
      Push(Type::kCommand, function);
      Push(Type::kLetter, run.substr(function.size()));
    } else if (IsWord(run)) {
      Push(Type::kText, run);
    } else {
      for (const char& letter : run) Push(Type::kLetter, absl::string_view(&letter, 1));
    }
  }

  // The function of "sinx".
  static absl::string_view FunctionBefore(absl::string_view run) {
    const absl::string_view function = run.substr(0, run.size() - 1);
    return IsPrefixFunction(function) && function.size() >= 2 ? function : absl::string_view();
  }

  bool IsWord(absl::string_view run) const {
    const bool after_number = !tokens_.empty() && tokens_.back().type == Type::kNumber;
    if (after_number && IsUnit(run)) return true;
    return run.size() >= kMinWordLetters;
  }

  void PushCommand(absl::string_view name) {
    if (const char relation = RelationOf(name)) {
      Push(Type::kRelation, std::string(1, relation));
    } else {
      Push(Type::kCommand, name);
    }
  }

  void ReadCommand() {
    ++at_;
    if (!IsAlpha(Peek())) {
      ReadEscape();
      return;
    }
    const size_t begin = at_;
    while (IsAlpha(Peek())) ++at_;
    const absl::string_view name = text_.substr(begin, at_ - begin);
    if (IsTextCommand(name)) {
      ReadText();
    } else if (IsFontCommand(name)) {
      ReadFont();
    } else if (name == "mathbb" || name == "Bbb") {
      Push(Type::kCommand, absl::StrCat("set", Argument()));
    } else if (name == "begin" || name == "end") {
      ReadEnvironment(name);
    } else if (name == "hspace" || name == "phantom" || name == "color" || name == "textcolor") {
      Argument();
    } else if (absl::StartsWith(name, "quad") || absl::StartsWith(name, "qquad")) {
      Push(Type::kCommand, "quad");
      at_ = begin + name.find('d') + 1;  // \quadx is \quad x
    } else if (IsLayout(name)) {
      space_ = true;
    } else if (name == "land" || name == "wedge") {
      Push(Type::kWord, "and");
    } else if (name == "lor" || name == "vee") {
      Push(Type::kWord, "or");
    } else if (name == "lbrace" || name == "rbrace") {
      Push(Type::kCommand, name);
    } else if (name == "not") {
      ReadNegation();
    } else {
      PushCommand(name);
    }
  }

  void ReadNegation() {
    const size_t first = tokens_.size();
    while (at_ < text_.size() && tokens_.size() == first && budget_->Spend(2)) Next();
    if (tokens_.size() == first || tokens_[first].type != Type::kRelation) return;
    tokens_[first].text = std::string(1, tokens_[first].text[0] == kEquals ? kNotEqual : kOther);
  }

  // Behind a backslash that no letter follows.
  void ReadEscape() {
    const char c = Peek();
    ++at_;
    switch (c) {
      case '{':
        Push(Type::kCommand, "lbrace");
        break;
      case '}':
        Push(Type::kCommand, "rbrace");
        break;
      case '|':
        PushSign('|');
        break;
      case '%':
        PushSign('%');
        break;
      case '&':
      case '#':
      case '_':
        break;
      case '\\':
        ReadDoubleBackslash();
        break;
      default:
        space_ = true;  // \, \! \; \: \( \) \[ \] \$ and "\ "
    }
  }

  // A new row; or a command whose backslash was doubled on the way: \\frac.
  void ReadDoubleBackslash() {
    size_t end = at_;
    while (end < text_.size() && IsAlpha(text_[end])) ++end;
    const absl::string_view name = text_.substr(at_, end - at_);
    if (environments_ == 0 && IsKnownCommand(name)) {
      --at_;
    } else if (environments_ == 0 && absl::StartsWith(Rest(), "{")) {
      Push(Type::kCommand, "lbrace");
      ++at_;
    } else {
      Push(Type::kRowBreak, "");
    }
  }

  // {…} with what nests in it, without the braces; else one character.
  absl::string_view Argument() {
    while (Peek() == ' ') ++at_;
    if (Peek() != '{') {
      if (at_ >= text_.size()) return "";
      return text_.substr(at_++, 1);
    }
    const size_t begin = ++at_;
    int depth = 1;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\\') ++at_;
      if (c == '{') ++depth;
      if (c == '}' && --depth == 0) return text_.substr(begin, at_ - 1 - begin);
    }
    at_ = std::min(at_, text_.size());
    return text_.substr(begin, at_ - begin);
  }

  void ReadText() {
    const absl::string_view content = Argument();
    if (!budget_->Spend(static_cast<int64_t>(content.size()))) return;
    space_ = true;
    std::string words;
    const auto flush = [&] {
      const absl::string_view trimmed = absl::StripAsciiWhitespace(words);
      if (!trimmed.empty()) PushWords(trimmed);
      words.clear();
    };
    for (const absl::string_view word :
         absl::StrSplit(content, absl::ByAnyChar(" \t\r\n~"), absl::SkipEmpty())) {
      const std::string bare =
          absl::AsciiStrToLower(absl::string_view(word).substr(0, word.find_last_not_of(',') + 1));
      if (word == "," || word == ";") {
        flush();
        PushSign(',');
      } else if (bare == "and" || bare == "or") {
        flush();
        Push(Type::kWord, bare);
      } else {
        absl::StrAppend(&words, words.empty() ? "" : " ", word);
      }
    }
    flush();
  }

  void PushWords(absl::string_view words) {
    const absl::string_view command = CommandOfWord(words);
    if (command == "percent" || command == "degree" || words == "%") {
      Push(Type::kCommand, words == "%" ? "percent" : command);
    } else if (IsPrefixFunction(words)) {
      Push(Type::kCommand, words);
    } else {
      Push(Type::kText, words);
    }
  }

  void ReadFont() {
    const absl::string_view content = absl::StripAsciiWhitespace(Argument());
    const bool letters = !content.empty() && std::all_of(content.begin(), content.end(), IsAlpha);
    if (!letters) {
      // Not a name: read it as what it is.
      std::vector<Token> inner = Lexer(content, comma_, budget_).Nested(depth_ + 1);
      tokens_.insert(tokens_.end(), inner.begin(), inner.end());
    } else if (content.size() == 1) {
      Push(Type::kLetter, content);
    } else if (IsPrefixFunction(content)) {
      Push(Type::kCommand, content);
    } else if (content == "and" || content == "or") {
      Push(Type::kWord, content);
    } else {
      PushWords(content);
    }
  }

  std::vector<Token> Nested(int depth) {
    constexpr int kMaxDepth = 8;
    depth_ = depth;
    if (depth > kMaxDepth) {
      Push(Type::kRowBreak, "");  // which fits nowhere here: the answer is not read
      return std::move(tokens_);
    }
    std::vector<Token> tokens = Run();
    tokens.pop_back();
    return tokens;
  }

  void ReadEnvironment(absl::string_view begin_or_end) {
    const absl::string_view name = Argument();
    environments_ += begin_or_end == "begin" ? 1 : -1;
    if (begin_or_end == "begin" && name == "array" && Peek() == '{') Argument();
    Push(Type::kCommand, absl::StrCat(begin_or_end, ":", name));
  }

  void ReadUnicode() {
    const UnicodeSign sign = LeadingUnicodeSign(Rest());
    if (sign.size == 0) {
      // A letter of another alphabet: with its like it makes a word.
      const size_t begin = at_;
      while (static_cast<unsigned char>(Peek()) >= 0x80 && LeadingUnicodeSign(Rest()).size == 0) {
        ++at_;
      }
      Push(Type::kText, text_.substr(begin, at_ - begin));
      return;
    }
    at_ += sign.size;
    if (!sign.digit.empty()) {
      PushSign(sign.command[0]);
      Push(Type::kNumber, sign.digit);
    } else if (sign.command.empty()) {
      space_ = true;
    } else if (sign.command.size() == 1 && !IsAlpha(sign.command[0])) {
      PushSign(sign.command[0]);
    } else if (sign.command == "land" || sign.command == "lor") {
      Push(Type::kWord, sign.command == "land" ? "and" : "or");
    } else {
      PushCommand(sign.command);
    }
  }

  void ReadSign() {
    static constexpr std::pair<absl::string_view, char> kRelations[] = {
        {"<=", kAtMost},   {"=<", kAtMost}, {">=", kAtLeast}, {"=>", kOther},
        {"!=", kNotEqual}, {"->", kOther},  {"==", kEquals},  {":=", kEquals},
        {"=", kEquals},    {"<", kLess},    {">", kGreater}};
    for (const auto& [sign, relation] : kRelations) {
      if (!Skip(sign)) continue;
      Push(Type::kRelation, std::string(1, relation));
      return;
    }
    if (Skip("**")) {
      PushSign('^');
    } else if (Skip("...")) {
      Push(Type::kCommand, "dots");
    } else {
      PushSign(text_[at_++]);
    }
  }

  absl::string_view text_;
  size_t at_ = 0;
  Comma comma_;
  Budget* budget_;
  std::vector<Token> tokens_;
  bool space_ = false;
  int environments_ = 0;
  int depth_ = 0;
};

}  // namespace

std::vector<Token> Tokenize(absl::string_view text, Comma comma, Budget* budget) {
  return Lexer(text, comma, budget).Run();
}

}  // namespace hone::math
