// What a tokenizer.json says, checked: byte-level BPE is read, anything else is refused by name.
#ifndef HONE_MODEL_TOKENIZER_TOKENIZER_JSON_H_
#define HONE_MODEL_TOKENIZER_TOKENIZER_JSON_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"

namespace hone {

struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool special = false;
  bool normalized = false;  // looked for after normalisation, and only then
};

struct SplitPattern {
  std::string regex;
  bool only_matches = false;  // text between matches is dropped
};

struct TokenizerSpec {
  bool nfc = false;
  std::vector<SplitPattern> splits;                 // applied one after the other
  absl::flat_hash_map<std::string, int32_t> vocab;  // in GPT-2's characters (byte_level.h)
  std::vector<std::pair<std::string, std::string>> merges;
  bool ignore_merges = false;
  std::vector<AddedToken> added;
  // What add_special_tokens puts around a text.
  std::vector<int32_t> prefix;
  std::vector<int32_t> suffix;
};

StatusOr<TokenizerSpec> ParseTokenizerJson(const std::string& json, const std::string& file);

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_TOKENIZER_JSON_H_
