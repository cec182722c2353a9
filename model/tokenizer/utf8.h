// UTF-8 as text from outside needs it: repair and normalisation.
#ifndef HONE_MODEL_TOKENIZER_UTF8_H_
#define HONE_MODEL_TOKENIZER_UTF8_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace hone {

// What stands at the start of a non-empty text: one character, or bytes that are no character
// (a longest prefix of one that broke off, else a single byte).
struct Utf8Step {
  size_t length = 0;
  bool valid = false;
  bool cut = false;  // not valid, but more bytes at the end of the text could complete it
};
Utf8Step NextUtf8(absl::string_view text);

bool IsValidUtf8(absl::string_view text);

// Each stretch that NextUtf8() calls invalid becomes U+FFFD: the Unicode standard's "maximal
// subparts", as Rust's from_utf8_lossy and Python's errors="replace" have it.
std::string RepairUtf8(absl::string_view text);

// Normalisation form C of valid UTF-8, as PyPI's `tokenizers` has it: characters that its version
// of Unicode does not know (character_table.h) stay as they are and where they are.
std::string NormalizeNfc(absl::string_view text);

// Appends the UTF-8 of a code point.
void AppendUtf8(char32_t code_point, std::string* out);

// The code point of the character that `character` is; it must be one valid character.
char32_t CodePointOf(absl::string_view character);

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_UTF8_H_
