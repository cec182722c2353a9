// Byte-level BPE from and to tokenizer.json. Torch-free.
// Thread safety: const methods may be called from several threads.
#ifndef HONE_MODEL_TOKENIZER_TOKENIZER_H_
#define HONE_MODEL_TOKENIZER_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"

namespace hone {

class Tokenizer {
 public:
  // Reads a tokenizer.json (BPE, byte-level). Errors name the file and the unsupported part.
  static StatusOr<Tokenizer> Load(const std::string& path);
  static StatusOr<Tokenizer> FromJson(const std::string& json, const std::string& file);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Added tokens (special or not) in the text become their ids; the rest is split and merged.
  // Bytes that are not UTF-8 are encoded as the replacement character. Fails only where a pattern
  // that is not one of known_pattern.h takes more steps than it should.
  StatusOr<std::vector<int32_t>> Encode(absl::string_view text, bool add_special_tokens) const;

  // The bytes that a token stands for: none for an id that no token has, and for a special token
  // with `skip_special`. They may be part of a character (decode_stream.h).
  absl::string_view TokenBytes(int32_t token, bool skip_special) const;

  // Text of the tokens; bytes that are not UTF-8 become U+FFFD. `skip_special` drops special
  // tokens, as transformers does.
  std::string Decode(absl::Span<const int32_t> tokens, bool skip_special) const;

  int vocab_size() const;  // one more than the largest id
  // -1 when there is no such token.
  int32_t TokenId(absl::string_view token) const;

  // The file's content, for writing into an exported folder.
  const std::string& json() const;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_TOKENIZER_H_
