// What a tokenizer.json says, checked: byte-level BPE is read, anything else is refused by name.
#ifndef HONE_MODEL_TOKENIZER_TOKENIZER_JSON_H_
#define HONE_MODEL_TOKENIZER_TOKENIZER_JSON_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "model/tokenizer/added_tokens.h"
#include "model/tokenizer/pre_tokenizer.h"

namespace hone {

struct TokenizerSpec {
  bool nfc = false;
  PreTokenizerSpec pre_tokenizer;
  absl::flat_hash_map<std::string, int32_t> vocab;  // in GPT-2's characters (byte_level.h)
  std::vector<std::pair<std::string, std::string>> merges;
  bool ignore_merges = false;
  int32_t unk_id = -1;  // what stands for a byte without a token
  bool fuse_unk = false;
  std::vector<AddedToken> added;
  // What add_special_tokens puts around a text.
  std::vector<int32_t> prefix;
  std::vector<int32_t> suffix;
};

StatusOr<TokenizerSpec> ParseTokenizerJson(const std::string& json, const std::string& file);

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_TOKENIZER_JSON_H_
