#include "reward/code/same_output.h"

#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "reward/code/json_value.h"

namespace hone {
namespace {

// Takes the text up to `end` off the front, and the byte there too.
absl::string_view TakeLine(absl::string_view* text) {
  const size_t end = text->find('\n');
  const absl::string_view line = text->substr(0, end);
  text->remove_prefix(end == absl::string_view::npos ? text->size() : end + 1);
  return line;
}

// The next word, empty when there is none.
absl::string_view TakeWord(absl::string_view* line) {
  *line = absl::StripLeadingAsciiWhitespace(*line);
  size_t end = 0;
  while (end < line->size() && !absl::ascii_isspace((*line)[end])) ++end;
  const absl::string_view word = line->substr(0, end);
  line->remove_prefix(end);
  return word;
}

// Plain decimal numbers alone: neither "inf" nor hexadecimal ones.
std::optional<double> Number(absl::string_view word) {
  constexpr size_t kMaxDigits = 64;
  double value = 0;
  if (word.size() > kMaxDigits ||
      word.find_first_not_of("+-.0123456789eE") != absl::string_view::npos ||
      !absl::SimpleAtod(word, &value) || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

bool SameWord(absl::string_view got, absl::string_view wanted, double tolerance) {
  if (got == wanted) return true;
  if (wanted.find('.') == absl::string_view::npos) return false;
  const std::optional<double> a = Number(got), b = Number(wanted);
  return a && b && Close(*a, *b, tolerance);
}

}  // namespace

bool SameOutput(absl::string_view got, absl::string_view wanted, double tolerance) {
  got = absl::StripAsciiWhitespace(got);
  wanted = absl::StripAsciiWhitespace(wanted);
  while (!got.empty() || !wanted.empty()) {
    absl::string_view line = TakeLine(&got), wanted_line = TakeLine(&wanted);
    for (;;) {
      const absl::string_view word = TakeWord(&line), wanted_word = TakeWord(&wanted_line);
      if (!SameWord(word, wanted_word, tolerance)) return false;
      if (word.empty()) break;
    }
  }
  return true;
}

}  // namespace hone
