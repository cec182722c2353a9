#include "model/tokenizer/added_tokens.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace hone {

void AddedTokenMatcher::Add(std::string content, int32_t id) {
  auto& bucket = by_first_byte_[static_cast<uint8_t>(content[0])];
  const auto place = std::find_if(bucket.begin(), bucket.end(), [&](const auto& other) {
    return other.first.size() < content.size();
  });
  bucket.insert(place, {std::move(content), id});
}

std::vector<AddedTokenMatcher::Piece> AddedTokenMatcher::Split(absl::string_view text) const {
  std::vector<Piece> pieces;
  size_t done = 0;
  for (size_t at = 0; at < text.size();) {
    const absl::string_view rest = text.substr(at);
    const auto& bucket = by_first_byte_[static_cast<uint8_t>(rest[0])];
    const auto match = std::find_if(bucket.begin(), bucket.end(), [&](const auto& token) {
      return absl::StartsWith(rest, token.first);
    });
    if (match == bucket.end()) {
      ++at;
      continue;
    }
    if (at > done) pieces.push_back({text.substr(done, at - done), -1});
    pieces.push_back({text.substr(at, match->first.size()), match->second});
    at += match->first.size();
    done = at;
  }
  if (done < text.size()) pieces.push_back({text.substr(done), -1});
  return pieces;
}

}  // namespace hone
