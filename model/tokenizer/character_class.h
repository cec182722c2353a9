// Classes of characters, as PyPI's `tokenizers` sees them (character_table.h): the later characters
// of Unicode included, whatever the C libraries here know.
// Thread safety: all functions may be called from any thread.
#ifndef HONE_MODEL_TOKENIZER_CHARACTER_CLASS_H_
#define HONE_MODEL_TOKENIZER_CHARACTER_CLASS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone {

enum class CharacterClass : uint8_t {
  kOther,
  kLetter,       // \p{L}
  kNumber,       // \p{N}
  kSpace,        // \s
  kMark,         // \p{M}
  kPunctuation,  // \p{P}
  kSymbol,       // \p{S}
};

struct Character {
  uint8_t bits = 0;
  uint8_t length = 0;  // bytes of UTF-8

  CharacterClass kind() const { return static_cast<CharacterClass>(bits & 7); }
  bool in_word() const { return (bits & 8) != 0; }        // \w
  bool moves_in_nfc() const { return (bits & 16) != 0; }  // see NormalizeNfc()
};

class CharacterTable {
 public:
  static const CharacterTable& Get();

  // The character that starts at `at`, in valid UTF-8.
  Character At(const char* at) const {
    const auto* bytes = reinterpret_cast<const uint8_t*>(at);
    const uint32_t first = bytes[0];
    if (first < 0x80) return {pages_[first], 1};
    if (first < 0xe0) return {Bits((first & 0x1f) << 6 | Rest(bytes[1])), 2};
    if (first < 0xf0) {
      return {Bits((first & 0xf) << 12 | Rest(bytes[1]) << 6 | Rest(bytes[2])), 3};
    }
    return {Bits((first & 7) << 18 | Rest(bytes[1]) << 12 | Rest(bytes[2]) << 6 | Rest(bytes[3])),
            4};
  }

 private:
  static constexpr uint32_t kPageBits = 7;
  static constexpr uint32_t kNumPages = 0x110000 >> kPageBits;

  CharacterTable();
  static uint32_t Rest(uint8_t byte) { return byte & 0x3f; }
  uint8_t Bits(uint32_t point) const {
    return pages_[page_begin_[point >> kPageBits] + (point & ((1u << kPageBits) - 1))];
  }

  std::array<uint32_t, kNumPages> page_begin_;  // equal pages are held once; the first is ASCII
  std::vector<uint8_t> pages_;
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_CHARACTER_CLASS_H_
