// JSON written piece by piece: keys in the caller's order, numbers in the fewest digits that read
// back as the same value.
#ifndef HONE_DATA_JSON_TEXT_H_
#define HONE_DATA_JSON_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hone {

// Appends null for what JSON cannot say: NaN and the infinities.
void AppendJsonNumber(double value, std::string* out);
void AppendJsonNumber(float value, std::string* out);
// Quoted and escaped; bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(absl::string_view text, std::string* out);

}  // namespace hone

#endif  // HONE_DATA_JSON_TEXT_H_
