#include "model/tokenizer/added_tokens.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "model/tokenizer/character_class.h"

namespace hone {
namespace {

size_t StartOfLastCharacter(absl::string_view text) {
  size_t at = text.size() - 1;
  while ((text[at] & 0xc0) == 0x80) --at;
  return at;
}

bool IsSpace(const Character& character) { return character.kind() == CharacterClass::kSpace; }

// Whether a word's character ends `before` or begins `behind`.
bool TouchesWord(absl::string_view before, absl::string_view behind) {
  const CharacterTable& table = CharacterTable::Get();
  return (!before.empty() && table.At(before.data() + StartOfLastCharacter(before)).in_word()) ||
         (!behind.empty() && table.At(behind.data()).in_word());
}

// Where the white space at the end of `text` begins.
size_t SpaceAtEnd(absl::string_view text) {
  while (!text.empty()) {
    const size_t last = StartOfLastCharacter(text);
    if (!IsSpace(CharacterTable::Get().At(text.data() + last))) break;
    text = text.substr(0, last);
  }
  return text.size();
}

// Bytes of the white space at the start of `text`.
size_t SpaceAtStart(absl::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const Character character = CharacterTable::Get().At(text.data() + at);
    if (!IsSpace(character)) break;
    at += character.length;
  }
  return at;
}

}  // namespace

void AddedTokenMatcher::Add(const AddedToken& token, const std::string& content) {
  auto& bucket = by_first_byte_[static_cast<uint8_t>(content[0])];
  if (bucket.empty()) first_bytes_ += content[0];
  const auto place = std::find_if(bucket.begin(), bucket.end(), [&](const Entry& other) {
    return other.content.size() < content.size();
  });
  bucket.insert(place, {content, token});
}

size_t AddedTokenMatcher::NextStart(absl::string_view text, size_t at) const {
  // Most vocabularies have one first byte, "<".
  if (first_bytes_.size() == 1) return std::min(text.find(first_bytes_[0], at), text.size());
  while (at < text.size() && by_first_byte_[static_cast<uint8_t>(text[at])].empty()) ++at;
  return at;
}

const AddedTokenMatcher::Entry* AddedTokenMatcher::MatchAt(absl::string_view text,
                                                           size_t at) const {
  const auto& bucket = by_first_byte_[static_cast<uint8_t>(text[at])];
  const auto match = std::find_if(bucket.begin(), bucket.end(), [&](const Entry& entry) {
    return absl::StartsWith(text.substr(at), entry.content);
  });
  return match == bucket.end() ? nullptr : &*match;
}

std::vector<AddedTokenMatcher::Piece> AddedTokenMatcher::Split(absl::string_view text) const {
  std::vector<Piece> pieces;
  size_t done = 0;
  for (size_t at = NextStart(text, 0); at < text.size(); at = NextStart(text, at)) {
    const Entry* match = MatchAt(text, at);
    if (match == nullptr) {
      ++at;
      continue;
    }
    const AddedToken& token = match->token;
    size_t begin = at, end = at + match->content.size();
    at = end;  // matches do not overlap, and one that is thrown away has had its place
    if (token.single_word && TouchesWord(text.substr(0, begin), text.substr(end))) continue;
    if (token.lstrip) begin = std::max(done, SpaceAtEnd(text.substr(0, begin)));
    if (token.rstrip) end += SpaceAtStart(text.substr(end));
    if (begin > done) pieces.push_back({text.substr(done, begin - done), -1});
    pieces.push_back({text.substr(begin, end - begin), token.id});
    done = end;
  }
  if (done < text.size()) pieces.push_back({text.substr(done), -1});
  return pieces;
}

}  // namespace hone
