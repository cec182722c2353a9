#include "reward/procedural/date_text.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace hone {
namespace {

constexpr absl::string_view kMonths[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
constexpr absl::string_view kWeekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                           "friday", "saturday", "sunday"};
constexpr size_t kShortest = 3;  // letters of an abbreviation

// The place of a name in a list, given in full or abbreviated, a full stop behind it or not.
template <size_t n>
std::optional<int> Find(absl::string_view word, const absl::string_view (&names)[n]) {
  const std::string lower = absl::AsciiStrToLower(absl::StripSuffix(word, "."));
  if (lower.size() < kShortest) return std::nullopt;
  for (size_t i = 0; i < n; ++i) {
    if (absl::StartsWith(names[i], lower)) return static_cast<int>(i);
  }
  return std::nullopt;
}

bool AllDigits(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
}

std::optional<int> ReadYear(absl::string_view text) {
  int year = 0;
  if (text.size() != 4 || !AllDigits(text) || !absl::SimpleAtoi(text, &year)) return std::nullopt;
  return year;
}

// A day or a month's number; of a day also "5th".
std::optional<int> ReadSmall(absl::string_view text, bool ordinal) {
  if (ordinal) {
    for (const absl::string_view ending : {"st", "nd", "rd", "th"}) {
      if (absl::ConsumeSuffix(&text, ending)) break;
    }
  }
  int number = 0;
  if (text.size() > 2 || !AllDigits(text) || !absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

std::optional<DateText> Date(std::optional<int> year, std::optional<int> month,
                             std::optional<int> day) {
  if (!year || !month || !day) return std::nullopt;
  return DateText{*year, *month, *day, std::nullopt};
}

std::optional<DateText> ReadNumeric(absl::string_view text, char separator) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, separator);
  if (parts.size() != 3) return std::nullopt;
  if (const auto year = ReadYear(parts[0])) {
    return Date(year, ReadSmall(parts[1], false), ReadSmall(parts[2], false));
  }
  const std::optional<int> first = ReadSmall(parts[0], false), second = ReadSmall(parts[1], false);
  const bool day_first = separator == '.' || first.value_or(0) > 12;
  return Date(ReadYear(parts[2]), day_first ? second : first, day_first ? first : second);
}

std::optional<int> ReadMonth(absl::string_view word) {
  if (absl::EqualsIgnoreCase(absl::StripSuffix(word, "."), "sept")) return 9;
  const std::optional<int> found = Find(word, kMonths);
  if (!found) return std::nullopt;
  return *found + 1;
}

// Three words, one of them a month's name.
std::optional<DateText> ReadNamed(const std::vector<std::string>& words) {
  if (const auto month = ReadMonth(words[0])) {
    return Date(ReadYear(words[2]), month, ReadSmall(words[1], true));
  }
  const std::optional<int> month = ReadMonth(words[1]);
  if (const auto year = ReadYear(words[0])) return Date(year, month, ReadSmall(words[2], true));
  return Date(ReadYear(words[2]), month, ReadSmall(absl::StripSuffix(words[0], "."), true));
}

}  // namespace

std::optional<int> ReadWeekday(absl::string_view word) { return Find(word, kWeekdays); }

std::optional<DateText> ReadDate(absl::string_view text) {
  std::vector<std::string> words;
  for (absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \t\r\n,"), absl::SkipEmpty())) {
    words.push_back(absl::AsciiStrToLower(word));
  }
  std::optional<int> weekday;
  if (!words.empty()) weekday = ReadWeekday(words.front());
  if (weekday) words.erase(words.begin());
  std::erase(words, "the");
  std::erase(words, "of");
  std::optional<DateText> date;
  if (words.size() == 1) {
    for (const char separator : {'-', '/', '.'}) {
      if (!date) date = ReadNumeric(words.front(), separator);
    }
  } else if (words.size() == 3) {
    date = ReadNamed(words);
  }
  if (date) date->weekday = weekday;
  return date;
}

}  // namespace hone
