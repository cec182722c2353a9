#include "reward/procedural/calendar.h"

#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "reward/procedural/check.h"
#include "reward/procedural/date_text.h"
#include "reward/shown.h"

namespace hone {
namespace {

Verdict CheckWeekday(int wanted, absl::string_view text) {
  const std::optional<int> found = ReadWeekday(Bare(text));
  if (!found) return Unparseable(text, "a weekday");
  return *found == wanted ? Correct(Shown(text)) : Incorrect(Shown(text));
}

Verdict CheckDate(absl::CivilDay wanted, absl::string_view text) {
  const std::optional<DateText> found = ReadDate(absl::StripSuffix(Bare(text), "."));
  if (!found) return Unparseable(text, "a date");
  const std::string shown =
      absl::StrFormat("%04d-%02d-%02d", found->year, found->month, found->day);
  if (found->year != wanted.year() || found->month != wanted.month() ||
      found->day != wanted.day()) {
    return Incorrect(absl::StrCat(shown, ", wanted ", absl::FormatCivilTime(wanted)));
  }
  const int weekday = static_cast<int>(absl::GetWeekday(wanted));
  if (found->weekday.value_or(weekday) != weekday) {
    return Incorrect(absl::StrCat(shown, ", but on another weekday"));
  }
  return Correct(shown);
}

}  // namespace

StatusOr<Verdict> CheckCalendar(const nlohmann::json& record, absl::string_view text) {
  const bool weekday = record.contains("weekday"), date = record.contains("date");
  if (weekday + date + record.contains("days") != 1) {
    return absl::InvalidArgumentError("there must be one of `weekday`, `date`, `days`");
  }
  if (weekday) {
    HONE_ASSIGN_OR_RETURN(const std::string name, TextMember(record, "weekday"));
    const std::optional<int> wanted = ReadWeekday(name);
    if (!wanted) return absl::InvalidArgumentError("`weekday` must be a weekday's name");
    return CheckWeekday(*wanted, text);
  }
  if (date) {
    HONE_ASSIGN_OR_RETURN(const std::string iso, TextMember(record, "date"));
    absl::CivilDay wanted;
    if (iso.size() != 10 || !absl::ParseCivilTime(iso, &wanted)) {
      return absl::InvalidArgumentError("`date` must be a date in the form YYYY-MM-DD");
    }
    return CheckDate(wanted, text);
  }
  HONE_ASSIGN_OR_RETURN(const int64_t days, IntegerMember(record, "days"));
  return CheckInteger(days, text);
}

}  // namespace hone
