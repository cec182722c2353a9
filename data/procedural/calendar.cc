#include "data/procedural/calendar.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"

namespace hone {
namespace {

using Day = absl::CivilDay;

constexpr const char* kWeekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                     "Thursday", "Friday", "Saturday"};

std::string Text(Day day) { return absl::FormatCivilTime(day); }

std::string WeekdayName(Day day) {
  // absl counts from Monday.
  return kWeekdays[(static_cast<int>(absl::GetWeekday(day)) + 1) % 7];
}

int64_t DaysOfYear(int64_t year) { return Day(year + 1, 1, 1) - Day(year, 1, 1); }
int64_t DaysOfMonth(int64_t year, int month) {
  return Day(year, month + 1, 1) - Day(year, month, 1);
}

// The day of the year, month by month: "31+29+5=65". In January it is the day, without a step.
int64_t DayOfYear(Day day, Random* random, std::string* steps) {
  if (day.month() == 1) return day.day();
  std::vector<int64_t> days;
  for (int month = 1; month < day.month(); ++month) days.push_back(DaysOfMonth(day.year(), month));
  days.push_back(day.day());
  const int64_t number = Jotted(absl::GetYearDay(day), random);
  AppendStep(absl::StrCat(absl::StrJoin(days, "+"), "=", number), steps);
  return number;
}

// Days since the year 1 modulo 7; a year moves the weekday by one, a leap day by one more.
Attempt FindWeekday(Day day, Random* random) {
  Attempt attempt;
  const int64_t years = day.year() - 1;
  const int64_t leap_days = Jotted(years / 4 - years / 100 + years / 400, random);
  AppendStep(absl::StrCat(years / 4, "-", years / 100, "+", years / 400, "=", leap_days),
             &attempt.steps);
  const int64_t number = DayOfYear(day, random, &attempt.steps);
  const int64_t sum = Jotted(years + leap_days + number, random);
  AppendStep(absl::StrCat(years, "+", leap_days, "+", number, "=", sum), &attempt.steps);
  const int64_t weekday = sum % 7;
  AppendStep(absl::StrCat(sum, "%7=", weekday), &attempt.steps);
  attempt.answer = kWeekdays[weekday];
  return attempt;
}

Attempt FindDate(Day day, int64_t days, Random* random) {
  Attempt attempt;
  int64_t number = DayOfYear(day, random, &attempt.steps);
  int64_t year = day.year();
  int month = 1;
  const auto step = [&](char op, int64_t operand) {
    const int64_t right = op == '+' ? number + operand : number - operand;
    const int64_t result = std::max<int64_t>(Jotted(right, random), 1);  // days count from 1
    AppendStep(absl::StrCat(number, std::string(1, op), operand, "=", result), &attempt.steps);
    number = result;
  };
  step('+', days);
  while (number > DaysOfYear(year)) {
    step('-', DaysOfYear(year));
    ++year;
  }
  while (number > DaysOfMonth(year, month)) {
    step('-', DaysOfMonth(year, month));
    if (++month > 12) {
      month = 1;
      ++year;
    }
  }
  attempt.answer = Text(Day(year, month, number));
  return attempt;
}

Attempt CountDays(Day from, Day to, Random* random) {
  Attempt attempt;
  int64_t number = DayOfYear(to, random, &attempt.steps);
  for (int64_t year = from.year(); year < to.year(); ++year) {
    const int64_t result = Jotted(number + DaysOfYear(year), random);
    AppendStep(absl::StrCat(number, "+", DaysOfYear(year), "=", result), &attempt.steps);
    number = result;
  }
  const int64_t before = DayOfYear(from, random, &attempt.steps);
  const int64_t days = Jotted(number - before, random);
  AppendStep(absl::StrCat(number, "-", before, "=", days), &attempt.steps);
  attempt.answer = absl::StrCat(days);
  return attempt;
}

}  // namespace

Exercise DrawCalendar(const CalendarSpec& spec, Random* random) {
  const Day first(spec.min_year, 1, 1), end(spec.max_year + 1, 1, 1);
  const Day day = first + random->Below(static_cast<uint32_t>(end - first));
  const int64_t days = 1 + random->Below(spec.max_days);
  const Day later = day + days;
  switch (random->Below(3)) {
    case 0: {
      const std::string brief = absl::StrCat("weekday of ", Text(day));
      return {.key = brief,
              .brief = brief,
              .question = absl::StrCat("What day of the week is ", Text(day),
                                       " in the Gregorian calendar? Answer with its name."),
              .record = absl::StrCat("\"weekday\":\"", WeekdayName(day), "\""),
              .attempt = [day](Random* r) { return FindWeekday(day, r); }};
    }
    case 1: {
      const std::string brief = absl::StrCat(Text(day), " + ", days, " days");
      return {.key = brief,
              .brief = brief,
              .question = absl::StrCat("Which date is ", days, days == 1 ? " day" : " days",
                                       " after ", Text(day),
                                       " in the Gregorian calendar? Answer in the form "
                                       "YYYY-MM-DD."),
              .record = absl::StrCat("\"date\":\"", Text(later), "\""),
              .attempt = [day, days](Random* r) { return FindDate(day, days, r); }};
    }
    default: {
      const std::string brief = absl::StrCat("days from ", Text(day), " to ", Text(later));
      return {.key = brief,
              .brief = brief,
              .question = absl::StrCat("How many days after ", Text(day), " is ", Text(later),
                                       " in the Gregorian calendar? Answer with a whole number."),
              .record = absl::StrCat("\"days\":", days),
              .attempt = [day, later](Random* r) { return CountDays(day, later, r); }};
    }
  }
}

}  // namespace hone
