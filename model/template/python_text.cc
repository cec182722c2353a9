#include "model/template/python_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/tokenizer/utf8.h"

namespace hone::jinja {
namespace {

// The first character's bytes.
absl::string_view First(absl::string_view text) { return text.substr(0, NextUtf8(text).length); }

absl::string_view Last(absl::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (text[at] & 0xc0) == 0x80) --at;
  return text.substr(at);
}

bool IsCased(char32_t c) {
  const utf8proc_category_t category = utf8proc_category(static_cast<int32_t>(c));
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
         category == UTF8PROC_CATEGORY_LT;
}

void AppendUpper(char32_t c, std::string* out) {
  constexpr char32_t sharp_s = 0xdf;
  if (c == sharp_s) {
    *out += "SS";
  } else {
    AppendUtf8(utf8proc_toupper(static_cast<int32_t>(c)), out);
  }
}

void AppendTitle(char32_t c, std::string* out) {
  constexpr char32_t sharp_s = 0xdf;
  if (c == sharp_s) {
    *out += "Ss";
  } else {
    AppendUtf8(utf8proc_totitle(static_cast<int32_t>(c)), out);
  }
}

void AppendLower(char32_t c, std::string* out) {
  AppendUtf8(utf8proc_tolower(static_cast<int32_t>(c)), out);
}

template <typename Visit>
void ForEachCharacter(absl::string_view text, Visit visit) {
  while (!text.empty()) {
    const absl::string_view first = First(text);
    visit(CodePointOf(first), first);
    text.remove_prefix(first.size());
  }
}

template <typename Predicate>
bool All(absl::string_view text, Predicate predicate) {
  bool all = !text.empty();
  ForEachCharacter(text, [&](char32_t c, absl::string_view) { all = all && predicate(c); });
  return all;
}

bool HasOneCase(absl::string_view text, utf8proc_category_t wanted) {
  bool some = false, all = true;
  ForEachCharacter(text, [&](char32_t c, absl::string_view) {
    if (!IsCased(c)) return;
    some = true;
    all = all && utf8proc_category(static_cast<int32_t>(c)) == wanted;
  });
  return some && all;
}

// Where a line ends: bytes of the line break at the start of `text`, 0 if there is none.
size_t LineBreak(absl::string_view text) {
  if (absl::StartsWith(text, "\r\n")) return 2;
  const absl::string_view first = First(text);
  switch (CodePointOf(first)) {
    case '\n':
    case '\r':
    case '\v':
    case '\f':
    case 0x1c:
    case 0x1d:
    case 0x1e:
    case 0x85:
    case 0x2028:
    case 0x2029:
      return first.size();
    default:
      return 0;
  }
}

bool IsPrintable(char32_t c) {
  switch (utf8proc_category(static_cast<int32_t>(c))) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    case UTF8PROC_CATEGORY_ZS:
      return c == ' ';
    default:
      return true;
  }
}

}  // namespace

int64_t Length(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

std::vector<std::string> Characters(absl::string_view text) {
  std::vector<std::string> characters;
  ForEachCharacter(text,
                   [&](char32_t, absl::string_view bytes) { characters.emplace_back(bytes); });
  return characters;
}

std::string CharacterAt(absl::string_view text, int64_t index) {
  for (; index > 0; --index) text.remove_prefix(First(text).size());
  return std::string(First(text));
}

bool IsSpace(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

absl::string_view Strip(absl::string_view text, std::optional<absl::string_view> chars, bool left,
                        bool right) {
  const auto goes = [&](absl::string_view character) {
    return chars.has_value() ? absl::StrContains(*chars, character)
                             : IsSpace(CodePointOf(character));
  };
  while (left && !text.empty() && goes(First(text))) text.remove_prefix(First(text).size());
  while (right && !text.empty() && goes(Last(text))) text.remove_suffix(Last(text).size());
  return text;
}

std::vector<std::string> Split(absl::string_view text, std::optional<absl::string_view> separator,
                               int64_t max_splits) {
  std::vector<std::string> parts;
  const auto may_cut = [&] {
    return max_splits < 0 || static_cast<int64_t>(parts.size()) < max_splits;
  };
  if (separator.has_value()) {
    for (size_t at; may_cut() && (at = text.find(*separator)) != absl::string_view::npos;) {
      parts.emplace_back(text.substr(0, at));
      text.remove_prefix(at + separator->size());
    }
    parts.emplace_back(text);
    return parts;
  }
  text = Strip(text, std::nullopt, true, false);
  while (!text.empty() && may_cut()) {
    size_t end = 0;
    while (end < text.size() && !IsSpace(CodePointOf(First(text.substr(end))))) {
      end += First(text.substr(end)).size();
    }
    parts.emplace_back(text.substr(0, end));
    text = Strip(text.substr(end), std::nullopt, true, false);
  }
  if (!text.empty()) parts.emplace_back(text);  // as it is, after the last cut
  return parts;
}

std::vector<std::string> SplitFromRight(absl::string_view text,
                                        std::optional<absl::string_view> separator,
                                        int64_t max_splits) {
  std::vector<std::string> parts;
  const auto may_cut = [&] {
    return max_splits < 0 || static_cast<int64_t>(parts.size()) < max_splits;
  };
  if (separator.has_value()) {
    for (size_t at; may_cut() && (at = text.rfind(*separator)) != absl::string_view::npos;) {
      parts.emplace_back(text.substr(at + separator->size()));
      text = text.substr(0, at);
    }
    parts.emplace_back(text);
  } else {
    text = Strip(text, std::nullopt, false, true);
    while (!text.empty() && may_cut()) {
      size_t begin = text.size();
      while (begin > 0 && !IsSpace(CodePointOf(Last(text.substr(0, begin))))) {
        begin -= Last(text.substr(0, begin)).size();
      }
      parts.emplace_back(text.substr(begin));
      text = Strip(text.substr(0, begin), std::nullopt, false, true);
    }
    if (!text.empty()) parts.emplace_back(text);
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string> SplitLines(absl::string_view text, bool keep_ends) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t broken = LineBreak(text.substr(at));
    if (broken == 0) {
      at += First(text.substr(at)).size();
      continue;
    }
    lines.emplace_back(text.substr(begin, at - begin + (keep_ends ? broken : 0)));
    at += broken;
    begin = at;
  }
  if (begin < text.size()) lines.emplace_back(text.substr(begin));
  return lines;
}

std::string Upper(absl::string_view text) {
  std::string out;
  ForEachCharacter(text, [&](char32_t c, absl::string_view) { AppendUpper(c, &out); });
  return out;
}

std::string Lower(absl::string_view text) {
  std::string out;
  ForEachCharacter(text, [&](char32_t c, absl::string_view) { AppendLower(c, &out); });
  return out;
}

std::string Capitalize(absl::string_view text) {
  std::string out;
  bool first = true;
  ForEachCharacter(text, [&](char32_t c, absl::string_view) {
    first ? AppendTitle(c, &out) : AppendLower(c, &out);
    first = false;
  });
  return out;
}

std::string Title(absl::string_view text) {
  std::string out;
  bool inside = false;
  ForEachCharacter(text, [&](char32_t c, absl::string_view) {
    inside ? AppendLower(c, &out) : AppendTitle(c, &out);
    inside = IsCased(c);
  });
  return out;
}

bool IsDigit(absl::string_view text) {
  return All(text, [](char32_t c) {
    return utf8proc_category(static_cast<int32_t>(c)) == UTF8PROC_CATEGORY_ND;
  });
}

bool IsAlpha(absl::string_view text) {
  return All(text, [](char32_t c) {
    const utf8proc_category_t category = utf8proc_category(static_cast<int32_t>(c));
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
  });
}

bool IsAllSpace(absl::string_view text) { return All(text, IsSpace); }

bool IsUpper(absl::string_view text) { return HasOneCase(text, UTF8PROC_CATEGORY_LU); }

bool IsLower(absl::string_view text) { return HasOneCase(text, UTF8PROC_CATEGORY_LL); }

std::string StringRepr(absl::string_view text) {
  const bool has_single = absl::StrContains(text, '\''), has_double = absl::StrContains(text, '"');
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  ForEachCharacter(text, [&](char32_t c, absl::string_view bytes) {
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      absl::StrAppend(&out, "\\", bytes);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (IsPrintable(c)) {
      absl::StrAppend(&out, bytes);
    } else if (c < 0x100) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<uint32_t>(c));
    } else if (c < 0x10000) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<uint32_t>(c));
    } else {
      absl::StrAppendFormat(&out, "\\U%08x", static_cast<uint32_t>(c));
    }
  });
  out += quote;
  return out;
}

std::string FloatRepr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto shortest =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  std::string digits(buffer, shortest.ptr);
  const int exponent = std::atoi(digits.c_str() + digits.find('e') + 1);
  if (exponent < -4 || exponent >= 16) return digits;
  const auto fixed =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::fixed);
  std::string out(buffer, fixed.ptr);
  return absl::StrContains(out, '.') ? out : out + ".0";
}

}  // namespace hone::jinja
