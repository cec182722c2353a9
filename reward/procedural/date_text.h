// Dates as people write them:
//   2024-03-05, 2024/3/5, 2024.03.05      year first
//   March 5, 2024; 5 March 2024; Mar. 5th 2024; the 5th of March, 2024; 2024 March 5
//   5.3.2024                              day first, with full stops
//   3/5/2024, 3-5-2024                    month first, but 25/3/2024 is day first
// A weekday may stand in front. Years have four digits. Any case.
#ifndef HONE_REWARD_PROCEDURAL_DATE_TEXT_H_
#define HONE_REWARD_PROCEDURAL_DATE_TEXT_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace hone {

struct DateText {
  int year, month, day;        // as written: it need not be in the calendar
  std::optional<int> weekday;  // 0: Monday … 6: Sunday
};

// nullopt for what is no date.
std::optional<DateText> ReadDate(absl::string_view text);

// "Tuesday", "tues", "Tue.": 1. nullopt for other words.
std::optional<int> ReadWeekday(absl::string_view word);

}  // namespace hone

#endif  // HONE_REWARD_PROCEDURAL_DATE_TEXT_H_
