#include "model/tokenizer/pre_tokenizer.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hone {

StatusOr<PreTokenizer::Step> PreTokenizer::Compile(const SplitPattern& split) {
  if (const auto known = RecognizePattern(split.regex)) return Step{*known, split.only_matches};
  HONE_ASSIGN_OR_RETURN(RegexSplitter splitter, RegexSplitter::Compile(split.regex));
  return Step{std::move(splitter), split.only_matches};
}

StatusOr<PreTokenizer> PreTokenizer::Create(const PreTokenizerSpec& spec) {
  PreTokenizer result;
  for (const SplitPattern& split : spec.splits) {
    HONE_ASSIGN_OR_RETURN(Step step, Compile(split));
    result.steps_.push_back(std::move(step));
  }
  result.add_prefix_space_ = spec.add_prefix_space;
  if (spec.gpt2_split) result.last_.emplace(Step{KnownPattern::kGpt2, false});
  return result;
}

Status PreTokenizer::Apply(const Step& step, std::vector<absl::string_view>* pieces) {
  std::vector<absl::string_view> finer;
  for (const absl::string_view piece : *pieces) {
    if (const auto* known = std::get_if<KnownPattern>(&step.splitter)) {
      SplitByKnownPattern(*known, piece, step.only_matches, &finer);
    } else {
      HONE_RETURN_IF_ERROR(
          std::get<RegexSplitter>(step.splitter).Split(piece, step.only_matches, &finer));
    }
  }
  *pieces = std::move(finer);
  return absl::OkStatus();
}

StatusOr<PreTokens> PreTokenizer::Split(absl::string_view text) const {
  PreTokens out;
  if (text.empty()) return out;
  out.pieces.push_back(text);
  for (const Step& step : steps_) HONE_RETURN_IF_ERROR(Apply(step, &out.pieces));
  if (add_prefix_space_) {
    for (absl::string_view& piece : out.pieces) {
      if (!absl::StartsWith(piece, " "))
        piece = out.prefixed.emplace_back(absl::StrCat(" ", piece));
    }
  }
  if (last_.has_value()) HONE_RETURN_IF_ERROR(Apply(*last_, &out.pieces));
  return out;
}

}  // namespace hone
