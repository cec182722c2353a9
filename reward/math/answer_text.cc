#include "reward/math/answer_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "reward/math/vocabulary.h"

namespace hone::math {
namespace {

constexpr auto kNone = absl::string_view::npos;
constexpr int kMaxOuterBraces = 4;

// Where the group that the text begins with ends.
size_t FindClosingBrace(absl::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return kNone;
}

std::string WithoutLayout(absl::string_view text) {
  std::string compact;
  compact.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (absl::ascii_isspace(c) || c == '$' || c == '~') continue;
    if (c != '\\') {
      compact.push_back(c);
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && absl::ascii_isalpha(text[end])) ++end;
    const absl::string_view name = text.substr(i + 1, end - i - 1);
    if (name.empty()) {
      const char escaped = i + 1 < text.size() ? text[i + 1] : '\0';
      if (escaped == '{' || escaped == '}') compact.push_back('\\');
      if (escaped != '\0' && absl::StrContains("{}%|\\", escaped)) compact.push_back(escaped);
      ++i;
      continue;
    }
    i = end - 1;
    if (IsLayout(name)) continue;
    if (IsTextCommand(name) || IsFontCommand(name)) {
      // \text{odd}: the group that follows stays, without a command or braces.
      const size_t open = text.find_first_not_of(' ', end);
      if (open != kNone && text[open] == '{') {
        const size_t close = text.find_first_of("{}", open + 1);
        if (close != kNone && text[close] == '}') {
          const std::string inner = WithoutLayout(text.substr(open + 1, close - open - 1));
          compact += inner;
          i = close;
        }
      }
      continue;
    }
    const bool fraction = name == "dfrac" || name == "tfrac" || name == "cfrac";
    absl::StrAppend(&compact, "\\", fraction ? absl::string_view("frac") : name);
  }
  return compact;
}

}  // namespace

std::string CompactText(absl::string_view text) {
  std::string compact = WithoutLayout(text);
  while (!compact.empty() && (compact.back() == '.' || compact.back() == ',')) compact.pop_back();
  for (int i = 0; i < kMaxOuterBraces && compact.size() > 2 && compact[0] == '{'; ++i) {
    if (FindClosingBrace(compact) != compact.size() - 1) break;
    compact = compact.substr(1, compact.size() - 2);
  }
  return compact;
}

bool BracesMatch(absl::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size() && depth >= 0; ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '{')
      ++depth;
    else if (text[i] == '}')
      --depth;
  }
  return depth == 0;
}

char ChoiceLetter(absl::string_view text) {
  const std::string compact = CompactText(text);
  absl::string_view rest = compact;
  for (const absl::string_view word :
       {"Choice", "choice", "Option", "option", "Answer", "answer"}) {
    if (absl::ConsumePrefix(&rest, word)) break;
  }
  const bool bracket = absl::ConsumePrefix(&rest, "(");
  if (rest.empty()) return 0;
  const char letter = absl::ascii_toupper(rest[0]);
  if (letter < 'A' || letter > 'J') return 0;
  rest.remove_prefix(1);
  if (bracket && !absl::ConsumePrefix(&rest, ")")) return 0;
  if (rest.empty()) return letter;
  if (bracket) {
    // (C) 12, but not (C) or (D).
    const bool more = absl::StartsWith(rest, "or") || absl::StartsWith(rest, "and") ||
                      absl::StrContains(rest, "(") || rest[0] == ',' || rest[0] == '/';
    return more ? 0 : letter;
  }
  const bool mark = rest[0] == '.' || rest[0] == ')' || rest[0] == ':';
  return mark ? letter : 0;
}

std::optional<absl::string_view> BehindChoice(absl::string_view text) {
  // (C) 12, \textbf{(C)}\ 12, \text{(C) }12
  absl::string_view rest = absl::StripAsciiWhitespace(text);
  for (const absl::string_view open :
       {"\\textbf{", "\\text{", "\\mathrm{", "\\mathbf{", "\\textrm{"}) {
    if (absl::ConsumePrefix(&rest, open)) break;
  }
  rest = absl::StripLeadingAsciiWhitespace(rest);
  if (rest.size() < 4 || rest[0] != '(' || rest[1] < 'A' || rest[1] > 'J' || rest[2] != ')') {
    return std::nullopt;
  }
  rest.remove_prefix(3);
  rest = absl::StripLeadingAsciiWhitespace(rest);
  absl::ConsumePrefix(&rest, "}");
  rest = absl::StripAsciiWhitespace(rest);
  if (rest.empty()) return std::nullopt;
  return rest;
}

char LoneLetter(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const bool leads =
      text.size() > 1 && text[0] >= 'A' && text[0] <= 'J' && absl::StrContains(".):", text[1]);
  if (leads) return text[0];
  for (size_t i = text.size(); i-- > 0;) {
    if (text[i] < 'A' || text[i] > 'J') continue;
    const bool begins = i == 0 || !absl::ascii_isalnum(text[i - 1]);
    const bool ends = i + 1 == text.size() || !absl::ascii_isalnum(text[i + 1]);
    if (begins && ends) return text[i];
  }
  return 0;
}

}  // namespace hone::math
