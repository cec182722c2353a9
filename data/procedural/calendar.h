// Calendar, in the Gregorian one, three kinds alike often: the weekday of a date, the date some
// days later, the days between two dates.
//   record   "weekday":"Tuesday" | "date":"2024-03-05" | "days":149
//   attempt  by the day of the year; a weekday by the days since the year 1, modulo 7 (0: Sunday)
#ifndef HONE_DATA_PROCEDURAL_CALENDAR_H_
#define HONE_DATA_PROCEDURAL_CALENDAR_H_

#include "config/procedural_spec.h"
#include "data/procedural/exercise.h"

namespace hone {

Exercise DrawCalendar(const CalendarSpec& spec, Random* random);

}  // namespace hone

#endif  // HONE_DATA_PROCEDURAL_CALENDAR_H_
