#include "report/format.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/utf8.h"

namespace hone {
namespace {

constexpr absl::string_view kMinus = "\u2212";
constexpr absl::string_view kNothing = "\u2013";
constexpr absl::string_view kReplacement = "\uFFFD";

// Without the zeros at the end of a decimal fraction.
std::string TrimZeros(std::string text) {
  if (!absl::StrContains(text, '.')) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string Scientific(double magnitude) {
  int exponent = static_cast<int>(std::floor(std::log10(magnitude)));
  double mantissa = magnitude / std::pow(10.0, exponent);
  if (mantissa >= 9.95) {
    mantissa /= 10;
    ++exponent;
  }
  return absl::StrCat(TrimZeros(absl::StrFormat("%.1f", mantissa)), "e", exponent < 0 ? kMinus : "",
                      std::abs(exponent));
}

std::string Magnitude(double value) {
  if (value == 0) return "0";
  if (value < 1e-3 || value >= 1e12) return Scientific(value);
  if (value >= 9999.5) return FormatShort(value);
  const int digits = static_cast<int>(std::floor(std::log10(value)));
  return TrimZeros(absl::StrFormat("%.*f", std::clamp(2 - digits, 0, 5), value));
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  std::string out;
  for (const char c : ToValidUtf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\t':
      case '\n':
        out += c;
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          absl::StrAppend(&out, kReplacement);
        } else {
          out += c;
        }
    }
  }
  return out;
}

absl::string_view Clip(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xC0) == 0x80) --max_bytes;
  return text.substr(0, max_bytes);
}

std::string FormatValue(double value, Unit unit) {
  if (!std::isfinite(value)) return std::string(kNothing);
  const absl::string_view sign = value < 0 ? kMinus : "";
  if (unit == Unit::kPercent) return absl::StrFormat("%s%.1f%%", sign, 100 * std::abs(value));
  return absl::StrCat(sign, Magnitude(std::abs(value)));
}

std::string FormatCount(int64_t count) {
  std::string digits = absl::StrCat(count < 0 ? -count : count);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(i, ",");
  return absl::StrCat(count < 0 ? kMinus : "", digits);
}

std::string FormatShort(double value) {
  if (!std::isfinite(value)) return std::string(kNothing);
  if (std::abs(value) < 999.5) return absl::StrFormat("%.0f", value);
  if (std::abs(value) < 999.5e3) return TrimZeros(absl::StrFormat("%.1f", value / 1e3)) + "k";
  if (std::abs(value) < 999.5e6) return TrimZeros(absl::StrFormat("%.2f", value / 1e6)) + "M";
  return TrimZeros(absl::StrFormat("%.2f", value / 1e9)) + "G";
}

std::string FormatDuration(double seconds) {
  if (!std::isfinite(seconds)) return std::string(kNothing);
  if (seconds == 0) return "0 s";
  if (seconds < 9.95) return absl::StrFormat("%.*f s", seconds < 0.995 ? 2 : 1, seconds);
  const int64_t s = std::llround(seconds);
  if (s < 60) return absl::StrFormat("%d s", s);
  if (s < 3600) return absl::StrFormat("%d min %02d s", s / 60, s % 60);
  return absl::StrFormat("%d h %02d min", s / 3600, s % 3600 / 60);
}

std::string FormatCoordinate(double value) {
  std::string text = TrimZeros(absl::StrFormat("%.1f", value));
  return text == "-0" ? "0" : text;
}

}  // namespace hone
