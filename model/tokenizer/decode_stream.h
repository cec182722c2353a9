// Text of tokens that come one by one. A character is given out when it is whole: what has been
// given out is, at any time, the start of the whole text, and with Finish() all of it, to the byte
// what Tokenizer::Decode() makes of the tokens.
#ifndef HONE_MODEL_TOKENIZER_DECODE_STREAM_H_
#define HONE_MODEL_TOKENIZER_DECODE_STREAM_H_

#include <cstdint>
#include <string>

#include "model/tokenizer/tokenizer.h"

namespace hone {

class DecodeStream {
 public:
  // `tokenizer` must outlive the stream.
  DecodeStream(const Tokenizer* tokenizer, bool skip_special)
      : tokenizer_(*tokenizer), skip_special_(skip_special) {}

  // The text that the token completes; empty while it may go on.
  std::string Add(int32_t token);
  // What is left at the end: U+FFFD if a character broke off, else nothing. Starts anew.
  std::string Finish();

 private:
  const Tokenizer& tokenizer_;
  bool skip_special_;
  std::string pending_;  // the start of a character
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_DECODE_STREAM_H_
