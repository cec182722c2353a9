#include "reward/choice.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reward/choice_text.h"
#include "reward/equals_itself.h"
#include "reward/shown.h"

namespace hone {
namespace {

class ChoiceVerifier : public Verifier {
 public:
  explicit ChoiceVerifier(const ChoiceSpec& spec) : num_choices_(spec.num_choices) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    const std::string wanted = ReadChoice(answer, num_choices_).letters;
    if (wanted.size() != 1 || wanted[0] >= 'A' + num_choices_) {
      return {.outcome = Outcome::kError,
              .detail = absl::StrCat("choice: the problem's answer \"", Shown(answer),
                                     "\" is no letter from A to ", LastLetter())};
    }
    const ChosenLetters found = FindChoice(completion, num_choices_);
    if (found.letters.empty()) return {.outcome = Outcome::kUnparseable, .detail = "no letter"};
    const std::string shown = absl::StrCat(Listed(found.letters), " (", found.where, ")");
    if (found.letters != wanted) {
      return {.outcome = Outcome::kIncorrect, .detail = absl::StrCat(shown, ", wanted ", wanted)};
    }
    return {.outcome = Outcome::kCorrect, .reward = 1, .detail = shown};
  }

  Status CheckAnswer(absl::string_view answer) const override {
    return CheckEqualsItself(*this, answer);
  }

  std::string Vote(absl::string_view completion) const override {
    return FindChoice(completion, num_choices_).letters;
  }

 private:
  std::string LastLetter() const {
    return std::string(1, static_cast<char>('A' + num_choices_ - 1));
  }
  static std::string Listed(const std::string& letters) {
    return absl::StrJoin(letters, ", ", [](std::string* out, char c) { out->push_back(c); });
  }

  const int num_choices_;
};

}  // namespace

std::unique_ptr<Verifier> MakeChoiceVerifier(const ChoiceSpec& spec) {
  return std::make_unique<ChoiceVerifier>(spec);
}

}  // namespace hone
