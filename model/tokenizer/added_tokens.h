// Added tokens ("<think>", "<|endoftext|>") in running text: leftmost match, longest first.
#ifndef HONE_MODEL_TOKENIZER_ADDED_TOKENS_H_
#define HONE_MODEL_TOKENIZER_ADDED_TOKENS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone {

struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool special = false;
  bool normalized = false;   // looked for after normalisation, and only then
  bool single_word = false;  // not beside a word's character
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space behind it
};

class AddedTokenMatcher {
 public:
  // `content`: how the token is written in the texts; not empty. Of tokens that are written alike,
  // the first counts.
  void Add(const AddedToken& token, const std::string& content);

  struct Piece {
    absl::string_view text;
    int32_t id = -1;  // of the added token; -1: other text, never empty
  };
  // `text` must be valid UTF-8.
  std::vector<Piece> Split(absl::string_view text) const;

 private:
  struct Entry {
    std::string content;
    AddedToken token;
  };
  // Where the next content may begin, from `at` on.
  size_t NextStart(absl::string_view text, size_t at) const;
  const Entry* MatchAt(absl::string_view text, size_t at) const;

  std::array<std::vector<Entry>, 256> by_first_byte_;  // longest content first
  std::string first_bytes_;                            // each once
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_ADDED_TOKENS_H_
