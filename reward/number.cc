#include "reward/number.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reward/equals_itself.h"
#include "reward/final_answer.h"
#include "reward/number_text.h"
#include "reward/shown.h"

namespace hone {
namespace {

// 1% = 1/100
constexpr int kPercentExponent = -2;

StatusOr<NumberText> FindAnswer(absl::string_view completion) {
  const absl::string_view text = AfterThinking(completion);
  if (const auto marked = LastMarkText(text)) {
    const StatusOr<NumberText> number = ReadAnswer(*marked);
    if (number.ok()) return number;
    return absl::InvalidArgumentError(
        absl::StrCat("the answer \"", Shown(*marked), "\": ", number.status().message()));
  }
  std::optional<NumberText> number;
  if (const auto after = AfterAnswerIs(text)) number = FirstNumber(*after);
  if (!number) number = LastNumber(text);
  if (!number) return absl::InvalidArgumentError("no number");
  return *number;
}

StatusOr<NumberText> ReadRecord(absl::string_view answer) {
  return ReadAnswer(LastMarkedAnswer(answer).value_or(answer));
}

bool Equal(const NumberText& found, const NumberText& wanted) {
  if (found.value == wanted.value) return true;
  if (found.percent == wanted.percent) return false;
  const ExactNumber& percentage = found.percent ? found.value : wanted.value;
  return percentage.Shifted(kPercentExponent) == (found.percent ? wanted : found).value;
}

std::string Text(const NumberText& number) {
  return Shown(absl::StrCat(number.value.ToString(), number.percent ? "%" : ""));
}

class NumberVerifier : public Verifier {
 public:
  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    const StatusOr<NumberText> wanted = ReadRecord(answer);
    if (!wanted.ok()) {
      return {.outcome = Outcome::kError,
              .detail = absl::StrCat("number: the problem's answer \"", Shown(answer),
                                     "\": ", wanted.status().message())};
    }
    const StatusOr<NumberText> found = FindAnswer(completion);
    if (!found.ok()) {
      return {.outcome = Outcome::kUnparseable, .detail = std::string(found.status().message())};
    }
    if (!Equal(*found, *wanted)) {
      return {.outcome = Outcome::kIncorrect,
              .detail = absl::StrCat(Text(*found), ", wanted ", Text(*wanted))};
    }
    return {.outcome = Outcome::kCorrect, .reward = 1, .detail = Text(*found)};
  }

  Status CheckAnswer(absl::string_view answer) const override {
    return CheckEqualsItself(*this, answer);
  }

  std::string Vote(absl::string_view completion) const override {
    const StatusOr<NumberText> found = FindAnswer(completion);
    if (!found.ok()) return "";
    return absl::StrCat(found->value.ToString(), found->percent ? "%" : "");
  }
};

}  // namespace

std::unique_ptr<Verifier> MakeNumberVerifier() { return std::make_unique<NumberVerifier>(); }

}  // namespace hone
