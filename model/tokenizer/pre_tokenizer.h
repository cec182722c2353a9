// The splits of a tokenizer.json, one after the other.
// Thread safety: const methods may be called from several threads.
#ifndef HONE_MODEL_TOKENIZER_PRE_TOKENIZER_H_
#define HONE_MODEL_TOKENIZER_PRE_TOKENIZER_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "model/tokenizer/regex_splitter.h"
#include "model/tokenizer/tokenizer_json.h"

namespace hone {

class PreTokenizer {
 public:
  static StatusOr<PreTokenizer> Create(absl::Span<const SplitPattern> splits);

  // The pre-tokens of valid UTF-8, as views into it.
  StatusOr<std::vector<absl::string_view>> Split(absl::string_view text) const;

 private:
  struct Step {
    RegexSplitter splitter;
    bool only_matches;
  };
  std::vector<Step> steps_;
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_PRE_TOKENIZER_H_
