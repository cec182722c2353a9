// Trains a small byte-level BPE tokenizer and writes it as a tokenizer.json.
#ifndef HONE_MODEL_TOKENIZER_TRAIN_H_
#define HONE_MODEL_TOKENIZER_TRAIN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "config/experiment.h"

namespace hone {

inline constexpr absl::string_view kEndOfText = "<|endoftext|>";  // id of the end and of padding

// The tokenizer.json: 256 byte tokens, then merges (kind bpe) learnt from `texts`, most frequent
// pair first, ties by the smaller pair, so the result is a pure function of the arguments.
// `added_tokens` (e.g. "<think>") become one token each, not special, so decoding shows them;
// kEndOfText is added as special. Pre-tokenizer: the Qwen2 pattern (digits one by one).
StatusOr<std::string> TrainTokenizer(const TokenizerInit& spec, absl::Span<const std::string> texts,
                                     absl::Span<const std::string> added_tokens);

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_TRAIN_H_
