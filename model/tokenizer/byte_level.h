// GPT-2's way to write bytes as printable characters: vocabularies hold "Ġthe" for " the".
// Bytes that Latin-1 prints stand for themselves; the others are U+0100, U+0101, … in their order.
#ifndef HONE_MODEL_TOKENIZER_BYTE_LEVEL_H_
#define HONE_MODEL_TOKENIZER_BYTE_LEVEL_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace hone {

// The character of each byte, as UTF-8.
const std::array<std::string, 256>& ByteCharacters();

// All bytes, by the code point of their character: "!" first. The order of vocabularies.
std::array<uint8_t, 256> BytesByCharacter();

std::string BytesToCharacters(absl::string_view bytes);

// The bytes that a vocabulary's entry stands for; none when a character stands for no byte.
std::optional<std::string> CharactersToBytes(absl::string_view characters);

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_BYTE_LEVEL_H_
