#include "reward/pieces.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"

namespace hone {
namespace {

constexpr int kMaxLetters = 32;

enum class Class { kSpace, kLetter, kMark, kDigit, kSign };

struct Character {
  size_t bytes = 1;
  Class type = Class::kSign;
  Script script = Script::kOther;
};

Class ClassOf(utf8proc_category_t category) {
  switch (category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return Class::kLetter;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return Class::kMark;
    case UTF8PROC_CATEGORY_ND:
      return Class::kDigit;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
      return Class::kSpace;
    default:
      return Class::kSign;
  }
}

Character FirstCharacter(absl::string_view text) {
  if (absl::ascii_isascii(text[0])) {
    if (absl::ascii_isalpha(text[0])) return {1, Class::kLetter, Script::kLatin};
    if (absl::ascii_isdigit(text[0])) return {1, Class::kDigit, Script::kOther};
    const bool space = absl::ascii_isspace(text[0]) || absl::ascii_iscntrl(text[0]);
    return {1, space ? Class::kSpace : Class::kSign, Script::kOther};
  }
  int32_t c = 0;
  const utf8proc_ssize_t bytes =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(text.size()), &c);
  if (bytes <= 0) return {};
  const Class type = ClassOf(utf8proc_category(c));
  return {static_cast<size_t>(bytes), type, type == Class::kLetter ? ScriptOf(c) : Script::kOther};
}

}  // namespace

std::vector<Piece> CutIntoPieces(absl::string_view text) {
  std::vector<Piece> pieces;
  bool word = false;  // the last piece may go on
  while (!text.empty()) {
    const Character c = FirstCharacter(text);
    const absl::string_view here = text.substr(0, c.bytes);
    text.remove_prefix(c.bytes);
    const bool letter = c.type == Class::kLetter;
    const bool goes_on = word && (c.type == Class::kMark ||
                                  (letter && c.script == pieces.back().script &&
                                   !IsUnspaced(c.script) && pieces.back().letters < kMaxLetters));
    if (goes_on) {
      Piece& last = pieces.back();
      last.text = absl::string_view(last.text.data(), last.text.size() + here.size());
      last.letters += letter ? 1 : 0;
      continue;
    }
    word = letter;
    if (c.type == Class::kSpace) continue;
    Piece piece{.text = here};
    if (letter) piece = {Piece::Kind::kWord, c.script, here, 1};
    if (c.type == Class::kDigit) piece.kind = Piece::Kind::kDigit;
    pieces.push_back(piece);
  }
  return pieces;
}

}  // namespace hone
