// The pre-tokenizer patterns of the models in use, split by hand: what the regular expression
// engine would do, many times faster, and with the oracle's classes for every character.
#ifndef HONE_MODEL_TOKENIZER_KNOWN_PATTERN_H_
#define HONE_MODEL_TOKENIZER_KNOWN_PATTERN_H_

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone {

// Of a ByteLevel pre-tokenizer that splits by itself.
inline constexpr absl::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
// Qwen2, Qwen2.5, Qwen3: digits one by one.
inline constexpr absl::string_view kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
// Llama 3: up to three digits together.
inline constexpr absl::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
// DeepSeek-V3 and -R1: three, one after the other.
inline constexpr absl::string_view kDeepSeekDigitsPattern = R"(\p{N}{1,3})";
inline constexpr absl::string_view kDeepSeekHanKanaPattern = "[一-龥\u3040-ゟ゠-ヿ]+";
inline constexpr absl::string_view kDeepSeekWordsPattern =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

enum class KnownPattern {
  kGpt2,
  kQwen2,
  kLlama3,
  kDeepSeekDigits,
  kDeepSeekHanKana,
  kDeepSeekWords,
};

// None for a pattern that is not one of these, character by character.
std::optional<KnownPattern> RecognizePattern(absl::string_view pattern);

// Appends the matches and, unless `only_matches`, the stretches between them, in order. `text` must
// be valid UTF-8.
void SplitByKnownPattern(KnownPattern pattern, absl::string_view text, bool only_matches,
                         std::vector<absl::string_view>* pieces);

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_KNOWN_PATTERN_H_
