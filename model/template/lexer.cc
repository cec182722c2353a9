#include "model/template/lexer.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "model/template/python_text.h"
#include "model/tokenizer/utf8.h"

namespace hone::jinja {
namespace {

using Kind = Token::Kind;

// Longest first.
constexpr absl::string_view kOperators[] = {"**", "//", "==", "!=", "<=", ">=", "+", "-", "*",
                                            "/",  "%",  "~",  "<",  ">",  "=",  "(", ")", "[",
                                            "]",  "{",  "}",  ",",  ":",  ".",  "|"};

bool StartsName(char c) { return absl::ascii_isalpha(c) || c == '_' || (c & 0x80) != 0; }
bool ContinuesName(char c) { return StartsName(c) || absl::ascii_isdigit(c); }

// Lines end in "\n" alone, and the last newline goes.
std::string NormalizeNewlines(absl::string_view source) {
  std::string out = absl::StrReplaceAll(source, {{"\r\n", "\n"}, {"\r", "\n"}});
  if (absl::EndsWith(out, "\n")) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(absl::string_view source) : source_(NormalizeNewlines(source)), rest_(source_) {}

  StatusOr<std::vector<Token>> Run() {
    while (!rest_.empty()) HONE_RETURN_IF_ERROR(Outside());
    Add(Kind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  Status Error(absl::string_view problem) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", problem));
  }

  void Add(Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }

  void Skip(size_t length) {
    const absl::string_view gone = rest_.substr(0, length);
    line_ += static_cast<int>(std::count(gone.begin(), gone.end(), '\n'));
    if (!gone.empty()) at_line_start_ = gone.back() == '\n';
    rest_.remove_prefix(gone.size());
  }

  void SkipSpace() {
    Skip(rest_.size() - Strip(rest_, std::nullopt, /*left=*/true, /*right=*/false).size());
  }

  // Text up to a tag that begins `at` bytes on, whose sign after the two characters decides.
  void AddText(size_t at, bool is_print) {
    absl::string_view text = rest_.substr(0, at);
    const absl::string_view sign = rest_.substr(std::min(at + 2, rest_.size()), 1);
    if (sign == "-") {
      text = Strip(text, std::nullopt, /*left=*/false, /*right=*/true);
    } else if (sign != "+" && !is_print) {
      const size_t newline = text.rfind('\n');
      const size_t line_begin = newline == absl::string_view::npos ? 0 : newline + 1;
      if ((line_begin > 0 || at_line_start_) && IsAllSpace(text.substr(line_begin))) {
        text = text.substr(0, line_begin);
      }
    }
    if (!text.empty()) Add(Kind::kText, std::string(text));
    Skip(at);
  }

  // What follows a block or a comment: all white space after "-", one newline unless after "+".
  void AfterTag(char sign) {
    if (sign == '-') {
      SkipSpace();
    } else if (sign != '+' && absl::StartsWith(rest_, "\n")) {
      Skip(1);
    }
  }

  Status Outside() {
    size_t at = 0;
    while (true) {
      at = rest_.find('{', at);
      if (at == absl::string_view::npos) {
        Add(Kind::kText, std::string(rest_));
        Skip(rest_.size());
        return absl::OkStatus();
      }
      const absl::string_view next = rest_.substr(at + 1, 1);
      if (next == "%" || next == "#" || next == "{") break;
      ++at;
    }
    const char kind = rest_[at + 1];
    AddText(at, kind == '{');
    if (kind == '#') return Comment();
    if (kind == '%' && RawBegin() > 0) return Raw();
    Add(kind == '{' ? Kind::kPrintBegin : Kind::kBlockBegin, "");
    Skip(2);
    if (absl::StartsWith(rest_, "-") || absl::StartsWith(rest_, "+")) Skip(1);
    return Inside(kind == '{');
  }

  Status Comment() {
    const size_t end = rest_.find("#}", 2);
    if (end == absl::string_view::npos) return Error("the comment has no end, \"#}\"");
    const char sign = rest_[end - 1];
    Skip(end + 2);
    AfterTag(end > 2 ? sign : ' ');
    return absl::OkStatus();
  }

  // Bytes of the tag "{% name %}" at the start of `text`, with any signs; 0 if it is not one. Sets
  // the sign before "%}".
  static size_t PlainTag(absl::string_view text, absl::string_view name, char* sign) {
    const size_t whole = text.size();
    text.remove_prefix(2);
    if (absl::StartsWith(text, "-") || absl::StartsWith(text, "+")) text.remove_prefix(1);
    text = Strip(text, std::nullopt, true, false);
    if (!absl::StartsWith(text, name)) return 0;
    text.remove_prefix(name.size());
    text = Strip(text, std::nullopt, true, false);
    *sign = ' ';
    if (absl::StartsWith(text, "-%}") || absl::StartsWith(text, "+%}")) {
      *sign = text[0];
      text.remove_prefix(1);
    }
    return absl::StartsWith(text, "%}") ? whole - text.size() + 2 : 0;
  }

  size_t RawBegin() const {
    char sign;
    return PlainTag(rest_, "raw", &sign);
  }

  Status Raw() {
    char sign = ' ';
    Skip(PlainTag(rest_, "raw", &sign));
    if (sign == '-') SkipSpace();
    for (size_t at = 0; (at = rest_.find("{%", at)) != absl::string_view::npos; ++at) {
      const size_t length = PlainTag(rest_.substr(at), "endraw", &sign);
      if (length == 0) continue;
      AddText(at, /*is_print=*/false);
      Skip(length);
      AfterTag(sign);
      return absl::OkStatus();
    }
    return Error("the raw block has no end, \"{% endraw %}\"");
  }

  Status Inside(bool is_print) {
    std::string open;  // brackets that wait for their partner
    while (true) {
      SkipSpace();
      if (rest_.empty()) return Error(is_print ? "\"{{\" has no end" : "\"{%\" has no end");
      const absl::string_view end = is_print ? "}}" : "%}";
      const char sign = rest_[0];
      const bool signed_end =
          (sign == '-' || (sign == '+' && !is_print)) && absl::StartsWith(rest_.substr(1), end);
      if (open.empty() && (signed_end || absl::StartsWith(rest_, end))) {
        Add(is_print ? Kind::kPrintEnd : Kind::kBlockEnd, "");
        Skip(signed_end ? 3 : 2);
        if (signed_end && sign == '-') {
          SkipSpace();
        } else if (!is_print) {
          AfterTag(signed_end ? sign : ' ');
        }
        return absl::OkStatus();
      }
      HONE_RETURN_IF_ERROR(OneToken(&open));
    }
  }

  Status OneToken(std::string* open) {
    const char c = rest_[0];
    if (StartsName(c)) {
      size_t length = 1;
      while (length < rest_.size() && ContinuesName(rest_[length])) ++length;
      Add(Kind::kName, std::string(rest_.substr(0, length)));
      Skip(length);
      return absl::OkStatus();
    }
    if (absl::ascii_isdigit(c)) return Number();
    if (c == '"' || c == '\'') return StringLiteral();
    for (const absl::string_view op : kOperators) {
      if (!absl::StartsWith(rest_, op)) continue;
      if (op == "(" || op == "[" || op == "{") {
        open->push_back(op == "(" ? ')' : op == "[" ? ']' : '}');
      } else if (op == ")" || op == "]" || op == "}") {
        if (open->empty()) return Error(absl::StrCat("\"", op, "\" closes nothing that is open"));
        if (open->back() != op[0]) {
          return Error(absl::StrCat("\"", open->substr(open->size() - 1), "\" is missing before \"",
                                    op, "\""));
        }
        open->pop_back();
      }
      Add(Kind::kOperator, std::string(op));
      Skip(op.size());
      return absl::OkStatus();
    }
    return Error(absl::StrCat("unexpected \"", rest_.substr(0, NextUtf8(rest_).length), "\""));
  }

  Status Number() {
    size_t length = 0;
    const auto digits = [&] {
      const size_t begin = length;
      while (length < rest_.size() &&
             (absl::ascii_isdigit(rest_[length]) || (rest_[length] == '_' && length > begin))) {
        ++length;
      }
      return length > begin;
    };
    digits();
    bool is_float = false;
    // "1.x" is an attribute, "1.5" a number.
    if (absl::StartsWith(rest_.substr(length), ".") && length + 1 < rest_.size() &&
        absl::ascii_isdigit(rest_[length + 1])) {
      is_float = true;
      ++length;
      digits();
    }
    if (length < rest_.size() && absl::ascii_tolower(rest_[length]) == 'e') {
      const size_t before = length++;
      if (length < rest_.size() && (rest_[length] == '-' || rest_[length] == '+')) ++length;
      if (digits()) {
        is_float = true;
      } else {
        length = before;
      }
    }
    const std::string text = absl::StrReplaceAll(rest_.substr(0, length), {{"_", ""}});
    Add(is_float ? Kind::kFloat : Kind::kInteger, text);
    Skip(length);
    if (!rest_.empty() && ContinuesName(rest_[0])) {
      return Error(absl::StrCat("\"", text, rest_.substr(0, 1), "…\" is neither number nor name"));
    }
    return absl::OkStatus();
  }

  // Python's escapes, the named characters excepted.
  Status StringLiteral() {
    const char quote = rest_[0];
    std::string value;
    size_t at = 1;
    while (at < rest_.size() && rest_[at] != quote) {
      if (rest_[at] != '\\') {
        value += rest_[at++];
        continue;
      }
      if (++at == rest_.size()) break;
      HONE_RETURN_IF_ERROR(Escape(&at, &value));
    }
    if (at >= rest_.size()) return Error("a string has no end");
    Add(Kind::kString, std::move(value));
    Skip(at + 1);
    return absl::OkStatus();
  }

  // At the character after the backslash; moves behind the escape.
  Status Escape(size_t* at, std::string* value) {
    static constexpr absl::string_view kLetters = "abfnrtv\\'\"";
    static constexpr absl::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
    const char c = rest_[*at];
    if (const size_t known = kLetters.find(c); known != absl::string_view::npos) {
      *value += kMeanings[known];
      ++*at;
      return absl::OkStatus();
    }
    if (c == '\n') {
      ++*at;
      return absl::OkStatus();
    }
    const bool octal = c >= '0' && c <= '7';
    const size_t length = octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (length == 0) {
      *value += '\\';
      return absl::OkStatus();
    }
    if (!octal) ++*at;
    uint32_t code = 0;
    size_t used = 0;
    for (; used < length && *at < rest_.size(); ++used, ++*at) {
      const char digit = absl::ascii_tolower(rest_[*at]);
      if (octal ? (digit < '0' || digit > '7') : !absl::ascii_isxdigit(digit)) break;
      code = code * (octal ? 8 : 16) +
             static_cast<uint32_t>(absl::ascii_isdigit(digit) ? digit - '0' : digit - 'a' + 10);
    }
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if ((!octal && used < length) || code > 0x10ffff || surrogate) {
      return Error("a string has an escape that is no character");
    }
    AppendUtf8(code, value);
    return absl::OkStatus();
  }

  const std::string source_;
  absl::string_view rest_;
  int line_ = 1;
  bool at_line_start_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

StatusOr<std::vector<Token>> Tokenize(absl::string_view source) { return Lexer(source).Run(); }

}  // namespace hone::jinja
