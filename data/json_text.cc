#include "data/json_text.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "data/utf8.h"

namespace hone {
namespace {

template <typename Float>
void AppendNumber(Float value, std::string* out) {
  if (!std::isfinite(value)) {
    *out += "null";
    return;
  }
  if (value == 0 && std::signbit(value)) {
    *out += "-0.0";  // "-0" would be read as the integer 0
    return;
  }
  char digits[64];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof(digits), value);
  out->append(digits, end.ptr);
}

}  // namespace

void AppendJsonNumber(double value, std::string* out) { AppendNumber(value, out); }
void AppendJsonNumber(float value, std::string* out) { AppendNumber(value, out); }

void AppendJsonString(absl::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : ToValidUtf8(text)) {
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          absl::StrAppend(out, "\\u", absl::Hex(c, absl::kZeroPad4));
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

}  // namespace hone
