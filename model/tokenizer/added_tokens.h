// Added tokens ("<think>", "<|endoftext|>") in running text: leftmost match, longest first.
#ifndef HONE_MODEL_TOKENIZER_ADDED_TOKENS_H_
#define HONE_MODEL_TOKENIZER_ADDED_TOKENS_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone {

class AddedTokenMatcher {
 public:
  // Content must not be empty.
  void Add(std::string content, int32_t id);

  struct Piece {
    absl::string_view text;
    int32_t id = -1;  // of the added token; -1: other text, never empty
  };
  std::vector<Piece> Split(absl::string_view text) const;

 private:
  // By first byte, longest content first.
  std::array<std::vector<std::pair<std::string, int32_t>>, 256> by_first_byte_;
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_ADDED_TOKENS_H_
