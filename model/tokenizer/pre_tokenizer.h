// The pre-tokenizer of a tokenizer.json: splits one after the other, then ByteLevel.
// Thread safety: const methods may be called from several threads.
#ifndef HONE_MODEL_TOKENIZER_PRE_TOKENIZER_H_
#define HONE_MODEL_TOKENIZER_PRE_TOKENIZER_H_

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/tokenizer/known_pattern.h"
#include "model/tokenizer/regex_splitter.h"

namespace hone {

struct SplitPattern {
  std::string regex;
  bool only_matches = false;  // text between matches is dropped
};

struct PreTokenizerSpec {
  std::vector<SplitPattern> splits;
  // Of ByteLevel: a blank goes before each piece that has none, before the last split.
  bool add_prefix_space = false;
  bool gpt2_split = false;  // ByteLevel splits too
};

struct PreTokens {
  std::vector<absl::string_view> pieces;  // none is empty
  std::deque<std::string> prefixed;       // the pieces that are not views into the text
};

class PreTokenizer {
 public:
  static StatusOr<PreTokenizer> Create(const PreTokenizerSpec& spec);

  // Of valid UTF-8, which must outlive the result.
  StatusOr<PreTokens> Split(absl::string_view text) const;

 private:
  struct Step {
    std::variant<KnownPattern, RegexSplitter> splitter;
    bool only_matches;
  };
  static StatusOr<Step> Compile(const SplitPattern& split);
  static Status Apply(const Step& step, std::vector<absl::string_view>* pieces);

  std::vector<Step> steps_;
  bool add_prefix_space_ = false;
  std::optional<Step> last_;  // ByteLevel's own
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_PRE_TOKENIZER_H_
