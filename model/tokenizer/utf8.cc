#include "model/tokenizer/utf8.h"

#include <utf8proc.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "model/tokenizer/character_class.h"

namespace hone {

Utf8Step NextUtf8(absl::string_view text) {
  const uint8_t first = text[0];
  if (first < 0x80) return {1, true, false};
  // Bounds of the second byte exclude overlong forms, surrogates and what is above U+10FFFF.
  size_t length = 0;
  uint8_t low = 0x80, high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return {1, false, false};
  }
  for (size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {i, false, true};
    const uint8_t byte = text[i];
    if (byte < low || byte > high) return {i, false, false};
    low = 0x80;
    high = 0xbf;
  }
  return {length, true, false};
}

bool IsValidUtf8(absl::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    uint64_t eight = 0;
    if (at + sizeof(eight) <= text.size()) {
      std::memcpy(&eight, text.data() + at, sizeof(eight));
      if ((eight & 0x8080808080808080) == 0) {
        at += sizeof(eight);
        continue;
      }
    }
    const Utf8Step step = NextUtf8(text.substr(at));
    if (!step.valid) return false;
    at += step.length;
  }
  return true;
}

std::string RepairUtf8(absl::string_view text) {
  if (IsValidUtf8(text)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = NextUtf8(text);
    if (step.valid) {
      out.append(text.data(), step.length);
    } else {
      out.append("\xEF\xBF\xBD");
    }
    text.remove_prefix(step.length);
  }
  return out;
}

namespace {

void AppendNfc(absl::string_view text, std::string* out) {
  utf8proc_uint8_t* normalized = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), text.size(), &normalized,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  // Valid UTF-8 fails only when memory runs out.
  if (size < 0) std::abort();
  out->append(reinterpret_cast<const char*>(normalized), size);
  std::free(normalized);
}

// Whether utf8proc would put marks in order around it.
bool IsMark(char32_t code_point) {
  return utf8proc_get_property(static_cast<int32_t>(code_point))->combining_class != 0;
}

}  // namespace

std::string NormalizeNfc(absl::string_view text) {
  const CharacterTable& table = CharacterTable::Get();
  std::string out;
  size_t copied = 0;  // bytes of the text that are in `out`
  size_t base = 0;    // where the last character began that marks may join
  for (size_t at = 0; at < text.size();) {
    Character character = table.At(text.data() + at);
    if (!character.moves_in_nfc()) {
      base = at;
      at += character.length;
      continue;
    }
    // Only these and the one character before them can change. A mark that only utf8proc knows may
    // not.
    if (base < at && IsMark(CodePointOf(text.substr(base, at - base)))) base = at;
    while (at < text.size() && character.moves_in_nfc()) {
      at += character.length;
      if (at < text.size()) character = table.At(text.data() + at);
    }
    out.append(text.data() + copied, base - copied);
    AppendNfc(text.substr(base, at - base), &out);
    copied = at;
    base = at;
  }
  out.append(text.data() + copied, text.size() - copied);
  return out;
}

void AppendUtf8(char32_t code_point, std::string* out) {
  utf8proc_uint8_t buffer[4];
  const utf8proc_ssize_t size = utf8proc_encode_char(static_cast<int32_t>(code_point), buffer);
  out->append(reinterpret_cast<const char*>(buffer), size);
}

char32_t CodePointOf(absl::string_view character) {
  utf8proc_int32_t code_point = 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(character.data()), character.size(),
                   &code_point);
  return static_cast<char32_t>(code_point);
}

}  // namespace hone
