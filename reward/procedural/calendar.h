// Calendar: {"weekday":"Tuesday"}, {"date":"2024-03-05"} or {"days":149}. A weekday by its name or
// the usual abbreviation, in any case. A date as date_text.h reads it. A number of days in any
// notation of number_text.h.
#ifndef HONE_REWARD_PROCEDURAL_CALENDAR_H_
#define HONE_REWARD_PROCEDURAL_CALENDAR_H_

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "nlohmann/json.hpp"
#include "reward/verifier.h"

namespace hone {

// See check.h.
StatusOr<Verdict> CheckCalendar(const nlohmann::json& record, absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_PROCEDURAL_CALENDAR_H_
