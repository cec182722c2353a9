// Numbers and text as the report shows them.
#ifndef HONE_REPORT_FORMAT_H_
#define HONE_REPORT_FORMAT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace hone {

// For HTML text and for attribute values in double quotes. Bytes that are not UTF-8, and control
// characters other than tab and newline, become U+FFFD.
std::string EscapeHtml(absl::string_view text);

// At most `max_bytes`, cut between two characters.
absl::string_view Clip(absl::string_view text, size_t max_bytes);

enum class Unit { kNumber, kPercent };  // kPercent: 0.41 is 41%

// Three significant digits: "0.412", "96.4", "12.3k", "3e−4". "–" for what is not finite.
std::string FormatValue(double value, Unit unit);

// "31,744"
std::string FormatCount(int64_t count);

// "950", "12.3k", "4.56M"
std::string FormatShort(double value);

// "0.42 s", "42 s", "4 min 10 s", "2 h 05 min"
std::string FormatDuration(double seconds);

// A coordinate in an SVG: one decimal at most.
std::string FormatCoordinate(double value);

}  // namespace hone

#endif  // HONE_REPORT_FORMAT_H_
