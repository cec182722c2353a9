// Python's str, over valid UTF-8: positions and lengths are code points. Upper and lower case are
// Unicode's simple mappings (one character to one), and ß becomes SS.
#ifndef HONE_MODEL_TEMPLATE_PYTHON_TEXT_H_
#define HONE_MODEL_TEMPLATE_PYTHON_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone::jinja {

int64_t Length(absl::string_view text);
std::vector<std::string> Characters(absl::string_view text);
// The character at `index`, from 0, below Length().
std::string CharacterAt(absl::string_view text, int64_t index);

bool IsSpace(char32_t character);
// Without the characters of `chars` (white space if there are none given) at the chosen ends.
absl::string_view Strip(absl::string_view text, std::optional<absl::string_view> chars, bool left,
                        bool right);

// str.split and str.rsplit: by `separator`, not empty, or by stretches of white space; at most
// `max_splits` cuts, from the left or the right, any number if negative.
std::vector<std::string> Split(absl::string_view text, std::optional<absl::string_view> separator,
                               int64_t max_splits);
std::vector<std::string> SplitFromRight(absl::string_view text,
                                        std::optional<absl::string_view> separator,
                                        int64_t max_splits);
std::vector<std::string> SplitLines(absl::string_view text, bool keep_ends);

std::string Upper(absl::string_view text);
std::string Lower(absl::string_view text);
std::string Capitalize(absl::string_view text);  // the first character upper, the others lower
std::string Title(absl::string_view text);       // each stretch of cased characters like that

// Whether text is not empty and each character is a decimal digit, a letter, white space.
bool IsDigit(absl::string_view text);
bool IsAlpha(absl::string_view text);
bool IsAllSpace(absl::string_view text);
// Whether there is a cased character, and none of the other case.
bool IsUpper(absl::string_view text);
bool IsLower(absl::string_view text);

std::string StringRepr(absl::string_view text);
std::string FloatRepr(double value);

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_PYTHON_TEXT_H_
