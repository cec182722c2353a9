// What PyPI's `tokenizers` takes each code point for; character_class.h makes it quick to look up.
#ifndef HONE_MODEL_TOKENIZER_CHARACTER_TABLE_H_
#define HONE_MODEL_TOKENIZER_CHARACTER_TABLE_H_

#include <cstdint>

namespace hone {

// Runs of equal code points: the first one · 256 + its bits, rising. Bits: 0 to 2 hold a
// CharacterClass, 3 is set for a word's characters (\w), 4 for those that NFC moves.
extern const uint32_t kCharacterRuns[];
extern const int kNumCharacterRuns;

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_CHARACTER_TABLE_H_
