#include "model/tokenizer/pre_tokenizer.h"

#include <utility>

namespace hone {

StatusOr<PreTokenizer> PreTokenizer::Create(absl::Span<const SplitPattern> splits) {
  PreTokenizer result;
  for (const SplitPattern& split : splits) {
    HONE_ASSIGN_OR_RETURN(RegexSplitter splitter, RegexSplitter::Compile(split.regex));
    result.steps_.push_back({std::move(splitter), split.only_matches});
  }
  return result;
}

StatusOr<std::vector<absl::string_view>> PreTokenizer::Split(absl::string_view text) const {
  std::vector<absl::string_view> pieces;
  if (!text.empty()) pieces.push_back(text);
  for (const Step& step : steps_) {
    std::vector<absl::string_view> finer;
    for (const absl::string_view piece : pieces) {
      HONE_RETURN_IF_ERROR(step.splitter.Split(piece, step.only_matches, &finer));
    }
    pieces = std::move(finer);
  }
  return pieces;
}

}  // namespace hone
