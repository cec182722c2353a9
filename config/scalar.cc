#include "config/scalar.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hone {
namespace {

Status Expected(absl::string_view what, const YamlNode& node) {
  return absl::InvalidArgumentError(absl::StrCat("must be ", what, ", found ", node.Describe()));
}

// The whole of `text` as a number of type T; from_chars does not take a plus sign.
template <typename T>
std::errc FromText(absl::string_view text, T* value) {
  if (absl::StartsWith(text, "+") && !absl::StartsWith(text, "+-")) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (error == std::errc() && end != text.data() + text.size()) return std::errc::invalid_argument;
  return error;
}

template <typename T>
Status ReadInteger(const YamlNode& node, T* value) {
  const std::string range = absl::StrCat("an integer from ", std::numeric_limits<T>::min(), " to ",
                                         std::numeric_limits<T>::max());
  if (!node.is_scalar() || node.quoted) return Expected("an integer", node);
  const std::errc error = FromText(node.text, value);
  if (error == std::errc()) return absl::OkStatus();
  if (error == std::errc::result_out_of_range) return Expected(range, node);
  double number;
  const std::errc float_error = FromText(node.text, &number);
  if (float_error == std::errc::result_out_of_range) return Expected(range, node);
  if (float_error != std::errc() || std::isnan(number)) return Expected("an integer", node);
  // The bounds are powers of two, exact as doubles; the upper one is just outside.
  const double low = static_cast<double>(std::numeric_limits<T>::min());
  const double high = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (!(number >= low && number < high)) return Expected(range, node);
  if (number != std::floor(number)) return Expected("an integer", node);
  *value = static_cast<T>(number);
  return absl::OkStatus();
}

// Whether a YAML reader, of version 1.1 or 1.2, might take the plain text for another type.
bool LooksLikeAnotherType(absl::string_view text) {
  for (absl::string_view word : {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}) {
    if (absl::EqualsIgnoreCase(text, word)) return true;
  }
  if (absl::ascii_isdigit(text[0]) || text[0] == '.') return true;
  double number;
  return absl::SimpleAtod(text, &number);  // also "inf" and "nan"
}

bool IsPlain(absl::string_view text) {
  if (text.empty() || LooksLikeAnotherType(text)) return false;
  if (!absl::ascii_isalpha(text[0]) && text[0] != '_' && text[0] != '/') return false;
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains("_-./+", c)) return false;
  }
  return true;
}

}  // namespace

Status ReadScalar(const YamlNode& node, bool* value) {
  const absl::string_view text = node.text;
  const bool is_true = text == "true" || text == "True" || text == "TRUE";
  const bool is_false = text == "false" || text == "False" || text == "FALSE";
  if (!node.is_scalar() || node.quoted || !(is_true || is_false)) {
    return Expected("true or false", node);
  }
  *value = is_true;
  return absl::OkStatus();
}

Status ReadScalar(const YamlNode& node, int* value) { return ReadInteger(node, value); }

Status ReadScalar(const YamlNode& node, uint64_t* value) { return ReadInteger(node, value); }

Status ReadScalar(const YamlNode& node, double* value) {
  if (!node.is_scalar() || node.quoted) return Expected("a number", node);
  const std::string word = absl::AsciiStrToLower(node.text);
  for (absl::string_view special : {".inf", "+.inf", "-.inf", ".nan"}) {
    if (word == special) return Expected("a finite number", node);
  }
  const std::errc error = FromText(node.text, value);
  if (error == std::errc::result_out_of_range) {
    return Expected("a number within a double's range", node);
  }
  if (error != std::errc()) return Expected("a number", node);
  if (!std::isfinite(*value)) return Expected("a finite number", node);
  return absl::OkStatus();
}

Status ReadScalar(const YamlNode& node, std::string* value) {
  if (!node.is_scalar()) return Expected("a string", node);
  *value = node.text;
  return absl::OkStatus();
}

std::string WriteScalar(bool value) { return value ? "true" : "false"; }

std::string WriteScalar(int value) { return absl::StrCat(value); }

std::string WriteScalar(uint64_t value) { return absl::StrCat(value); }

std::string WriteScalar(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  std::string text(buffer, end);
  if (!absl::StrContains(text, '.')) text.insert(std::min(text.find('e'), text.size()), ".0");
  return text;
}

std::string WriteScalar(const std::string& value) {
  if (IsPlain(value)) return value;
  std::string text = "\"";
  for (const char c : value) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      absl::StrAppend(&text, "\\", absl::string_view(&c, 1));
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(&text, "\\x%02x", byte);
    } else {
      text.push_back(c);
    }
  }
  text.push_back('"');
  return text;
}

}  // namespace hone
