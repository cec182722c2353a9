#include "reward/format.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reward/final_answer.h"

namespace hone {
namespace {

constexpr absl::string_view kThink = "<think>", kEndThink = "</think>";
constexpr absl::string_view kAnswer = "<answer>", kEndAnswer = "</answer>";

Verdict Bad(std::string detail) {
  return {.outcome = Outcome::kUnparseable, .reward = 0, .detail = std::move(detail)};
}

// Each tag's end is where the next part begins, so a tag out of place shows up in some part.
Verdict Check(absl::string_view text) {
  for (const absl::string_view tag : {kEndThink, kAnswer, kEndAnswer}) {
    const size_t first = text.find(tag);
    if (first == absl::string_view::npos) return Bad(absl::StrCat("no ", tag));
    if (text.find(tag, first + 1) != absl::string_view::npos) {
      return Bad(absl::StrCat(tag, " stands more than once"));
    }
  }
  if (absl::StrContains(text, kThink)) return Bad("<think> stands again inside the completion");
  text.remove_prefix(text.find(kEndThink) + kEndThink.size());
  text = absl::StripLeadingAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, kAnswer)) return Bad("<answer> does not follow </think>");
  const size_t end = text.find(kEndAnswer);
  if (end == absl::string_view::npos) return Bad("</answer> stands before <answer>");
  if (absl::StripAsciiWhitespace(text.substr(0, end)).empty()) return Bad("the answer is empty");
  text.remove_prefix(end + kEndAnswer.size());
  if (!absl::StripAsciiWhitespace(text).empty()) return Bad("text follows </answer>");
  return {.outcome = Outcome::kCorrect, .reward = 1, .detail = "in the format"};
}

class FormatVerifier : public Verifier {
 public:
  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    const bool opened = absl::EndsWith(absl::StripTrailingAsciiWhitespace(prompt), kThink);
    if (!opened && !absl::ConsumePrefix(&completion, kThink)) {
      return Bad("does not begin with <think>");
    }
    return Check(completion);
  }

  std::string Vote(absl::string_view completion) const override { return TaggedVote(completion); }
};

}  // namespace

std::unique_ptr<Verifier> MakeFormatVerifier() { return std::make_unique<FormatVerifier>(); }

}  // namespace hone
