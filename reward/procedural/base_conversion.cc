#include "reward/procedural/base_conversion.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/procedural/base_conversion.h"
#include "reward/procedural/check.h"
#include "reward/shown.h"

namespace hone {
namespace {

constexpr int kLargestBase = 36;

// "16" as subscripts.
std::string Subscript(int base) {
  std::string text;
  for (const char digit : absl::StrCat(base)) {
    absl::StrAppend(&text, "\xE2\x82", std::string(1, static_cast<char>(0x80 + (digit - '0'))));
  }
  return text;
}

// What says the base behind a number, if it is this base.
void StripBase(int base, absl::string_view* text) {
  for (const std::string& suffix :
       {absl::StrCat("_{", base, "}"), absl::StrCat("_", base), absl::StrCat("(base ", base, ")"),
        absl::StrCat("base ", base), Subscript(base)}) {
    if (!absl::EndsWith(*text, suffix)) continue;
    const absl::string_view rest = absl::StripTrailingAsciiWhitespace(
        absl::string_view(*text).substr(0, text->size() - suffix.size()));
    if (rest.empty()) continue;
    *text = rest;
    return;
  }
}

// Without single spaces or underscores between groups of digits: all groups have one length, but
// for a shorter first one. Any other text as it is.
std::string Ungrouped(absl::string_view text) {
  const std::vector<absl::string_view> groups = absl::StrSplit(text, absl::ByAnyChar(" _"));
  const size_t size = groups.back().size();
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].size() > size || (i > 0 && groups[i].size() < size)) return std::string(text);
  }
  return absl::StrJoin(groups, "");
}

// The number's digits without its base, prefix, grouping, and leading zeros but for one.
std::string Digits(absl::string_view answer, int base) {
  const std::string lower = absl::AsciiStrToLower(answer);
  absl::string_view text = Bare(lower);
  StripBase(base, &text);
  text = Bare(text);
  if (absl::StartsWith(text, "(") && absl::EndsWith(text, ")")) {
    text = absl::StripAsciiWhitespace(text.substr(1, text.size() - 2));
  }
  const absl::string_view prefix = base == 2 ? "0b" : base == 8 ? "0o" : base == 16 ? "0x" : "";
  absl::ConsumePrefix(&text, prefix);
  const std::string digits = Ungrouped(text);
  const size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  return zeros == digits.size() && zeros > 0 ? "0" : digits.substr(zeros);
}

bool IsDigit(char c, int base) {
  const int value = absl::ascii_isdigit(c) ? c - '0' : absl::ascii_islower(c) ? c - 'a' + 10 : base;
  return value < base;
}

}  // namespace

StatusOr<Verdict> CheckBaseConversion(const nlohmann::json& record, absl::string_view text) {
  HONE_ASSIGN_OR_RETURN(const int64_t value, IntegerMember(record, "value"));
  HONE_ASSIGN_OR_RETURN(const int64_t wide_base, IntegerMember(record, "base"));
  if (value < 0) return absl::InvalidArgumentError("`value` must be 0 or more");
  if (wide_base < 2 || wide_base > kLargestBase) {
    return absl::InvalidArgumentError("`base` must be 2 to 36");
  }
  const int base = static_cast<int>(wide_base);
  const std::string digits = Digits(text, base);
  const bool in_base = !digits.empty() && std::all_of(digits.begin(), digits.end(),
                                                      [&](char c) { return IsDigit(c, base); });
  if (!in_base && base == 10) return CheckInteger(value, text);
  if (!in_base) return Unparseable(text, absl::StrCat("a number in base ", base));
  const std::string wanted = InBase(value, base);
  if (digits != wanted) return Incorrect(absl::StrCat(Shown(digits), ", wanted ", wanted));
  return Correct(digits);
}

}  // namespace hone
