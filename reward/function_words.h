// The small words that a language is known by: "the", "and", "of".
#ifndef HONE_REWARD_FUNCTION_WORDS_H_
#define HONE_REWARD_FUNCTION_WORDS_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace hone {

// A set of languages in the Latin script, one bit for each.
using Languages = uint32_t;

// The bit of a language by its ISO 639-1 code; 0 for one that has no list.
Languages LanguageBit(absl::string_view code);

inline constexpr int kNumLanguages = 16;  // bits in use, from the lowest

// The languages that have this word, in lower case, among their commonest.
Languages LanguagesOfWord(absl::string_view word);

}  // namespace hone

#endif  // HONE_REWARD_FUNCTION_WORDS_H_
