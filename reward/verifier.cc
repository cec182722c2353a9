#include "reward/verifier.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "config/nearest.h"
#include "reward/choice.h"
#include "reward/code.h"
#include "reward/countdown.h"
#include "reward/exact.h"
#include "reward/format.h"
#include "reward/language.h"
#include "reward/length.h"
#include "reward/math.h"
#include "reward/number.h"
#include "reward/procedural.h"
#include "reward/regex.h"
#include "reward/remote.h"
#include "reward/repetition.h"

namespace hone {
namespace {

using Made = StatusOr<std::unique_ptr<Verifier>>;

struct Entry {
  absl::string_view name;
  Made (*make)(const VerifierSpec& spec);
};

// Sorted by name. A new reward is a new line here.
constexpr Entry kVerifiers[] = {
    {"choice", [](const VerifierSpec& s) -> Made { return MakeChoiceVerifier(s.choice); }},
    {"countdown", [](const VerifierSpec&) -> Made { return MakeCountdownVerifier(); }},
    {"cpp",
     [](const VerifierSpec& s) -> Made { return MakeCodeVerifier(CodeLanguage::kCpp, s.code); }},
    {"exact", [](const VerifierSpec& s) -> Made { return MakeExactVerifier(s.exact); }},
    {"format", [](const VerifierSpec&) -> Made { return MakeFormatVerifier(); }},
    {"language", [](const VerifierSpec& s) -> Made { return MakeLanguageVerifier(s.language); }},
    {"length", [](const VerifierSpec& s) -> Made { return MakeLengthVerifier(s.length); }},
    {"length_cosine",
     [](const VerifierSpec& s) -> Made { return MakeLengthCosineVerifier(s.length_cosine); }},
    {"math", [](const VerifierSpec& s) -> Made { return MakeMathVerifier(s.math); }},
    {"number", [](const VerifierSpec&) -> Made { return MakeNumberVerifier(); }},
    {"procedural", [](const VerifierSpec&) -> Made { return MakeProceduralVerifier(); }},
    {"python",
     [](const VerifierSpec& s) -> Made { return MakeCodeVerifier(CodeLanguage::kPython, s.code); }},
    {"regex", [](const VerifierSpec& s) -> Made { return MakeRegexVerifier(s.regex); }},
    {"remote", [](const VerifierSpec& s) -> Made { return MakeRemoteVerifier(s.remote); }},
    {"repetition",
     [](const VerifierSpec& s) -> Made { return MakeRepetitionVerifier(s.repetition); }},
};

}  // namespace

StatusOr<std::unique_ptr<Verifier>> MakeVerifier(const VerifierSpec& spec) {
  for (const Entry& entry : kVerifiers) {
    if (entry.name == spec.name) return entry.make(spec);
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown reward `", spec.name, "`",
                                                 Suggestion(spec.name, VerifierSpec::Names())));
}

int ItemsAtOnce(const VerifierSpec& spec) {
  return spec.name == "remote" ? RemoteSpec::kItemsAtOnce : 1;
}

StatusOr<RewardSum> RewardSum::Make(absl::Span<const RewardSpec> terms) {
  if (terms.empty()) return absl::InvalidArgumentError("a reward needs at least one term");
  RewardSum sum;
  for (const RewardSpec& term : terms) {
    if (!std::isfinite(term.weight)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the weight of the reward `", term.name, "` is not a finite number"));
    }
    HONE_ASSIGN_OR_RETURN(std::unique_ptr<Verifier> verifier, MakeVerifier(term));
    sum.terms_.push_back(term);
    sum.verifiers_.push_back(std::move(verifier));
  }
  return sum;
}

Score RewardSum::Judge(absl::string_view prompt, absl::string_view completion,
                       absl::string_view answer, int64_t completion_tokens) const {
  const TermContext context = {.first = std::nullopt, .completion_tokens = completion_tokens};
  return std::move(JudgeAll({{prompt, completion, answer, context}}).front());
}

std::vector<Score> RewardSum::JudgeAll(absl::Span<const JudgeItem> items,
                                       std::vector<std::vector<Outcome>>* outcomes) const {
  if (outcomes != nullptr) outcomes->assign(items.size(), {});
  std::vector<JudgeItem> asked(items.begin(), items.end());
  for (JudgeItem& item : asked) item.context.first = std::nullopt;
  std::vector<Score> scores(items.size());
  for (size_t term = 0; term < terms_.size(); ++term) {
    const std::vector<Verdict> verdicts = verifiers_[term]->JudgeAll(asked);
    for (size_t i = 0; i < items.size(); ++i) {
      const Verdict& verdict = verdicts[i];
      Score& score = scores[i];
      if (term == 0) asked[i].context.first = verdict.outcome;
      const bool decides =
          term == 0 || (IsVerifierFailure(verdict.outcome) && !IsVerifierFailure(score.outcome));
      if (decides) score.outcome = verdict.outcome;
      score.reward += terms_[term].weight * verdict.reward;
      score.components.push_back(verdict.reward);
      if (outcomes != nullptr) (*outcomes)[i].push_back(verdict.outcome);
      absl::StrAppend(&score.detail, term == 0 ? "" : "; ", verdict.detail);
    }
  }
  return scores;
}

std::string RewardSum::Vote(absl::string_view completion) const {
  return verifiers_.front()->Vote(completion);
}

}  // namespace hone
