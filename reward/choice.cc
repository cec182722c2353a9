#include "reward/choice.h"

#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "reward/choice_text.h"
#include "reward/equals_itself.h"
#include "reward/shown.h"

namespace hone {
namespace {

// A problem's answer.
struct ChoiceRecord {
  std::string letter;              // as it is written
  std::vector<std::string> texts;  // of the choices, if they are known
};

// What is no such object is a letter, in one form or another.
ChoiceRecord ParseRecord(absl::string_view answer) {
  const nlohmann::json json =
      nlohmann::json::parse(answer.begin(), answer.end(), nullptr, /*allow_exceptions=*/false);
  ChoiceRecord record = {.letter = std::string(answer), .texts = {}};
  if (!json.is_object() || !json.contains("answer") || !json["answer"].is_string()) return record;
  record.letter = json["answer"].get<std::string>();
  if (!json.contains("choices") || !json["choices"].is_array()) return record;
  for (const nlohmann::json& text : json["choices"]) {
    record.texts.push_back(text.is_string() ? text.get<std::string>() : text.dump());
  }
  return record;
}

class ChoiceVerifier : public Verifier {
 public:
  explicit ChoiceVerifier(const ChoiceSpec& spec) : num_choices_(spec.num_choices) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    const ChoiceRecord record = ParseRecord(answer);
    if (std::ssize(record.texts) > num_choices_) {
      return {.outcome = Outcome::kError,
              .detail = absl::StrCat("choice: the problem has ", record.texts.size(),
                                     " choices, num_choices is ", num_choices_)};
    }
    const std::string wanted = ReadChoice(record.letter, num_choices_).letters;
    if (wanted.size() != 1 || wanted[0] >= 'A' + num_choices_) {
      return {.outcome = Outcome::kError,
              .detail = absl::StrCat("choice: the problem's answer \"", Shown(answer),
                                     "\" is no letter from A to ", LastLetter())};
    }
    const ChosenLetters found = FindChoice(completion, num_choices_, record.texts);
    if (found.letters.empty()) return {.outcome = Outcome::kUnparseable, .detail = "no letter"};
    const std::string shown = absl::StrCat(Listed(found.letters), " (", found.where, ")");
    if (found.letters != wanted) {
      return {.outcome = Outcome::kIncorrect, .detail = absl::StrCat(shown, ", wanted ", wanted)};
    }
    return {.outcome = Outcome::kCorrect, .reward = 1, .detail = shown};
  }

  Status CheckAnswer(absl::string_view answer) const override {
    const ChoiceRecord record = ParseRecord(answer);
    if (record.texts.empty()) return CheckEqualsItself(*this, record.letter);
    const Verdict verdict = Judge("", absl::StrCat("\\boxed{", record.letter, "}"), answer);
    if (verdict.outcome == Outcome::kCorrect) return absl::OkStatus();
    return absl::InvalidArgumentError(verdict.detail);
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
