#include "reward/procedural.h"

#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "reward/countdown.h"
#include "reward/final_answer.h"
#include "reward/procedural/base_conversion.h"
#include "reward/procedural/boolean_logic.h"
#include "reward/procedural/calendar.h"
#include "reward/procedural/check.h"
#include "reward/procedural/shortest_path.h"
#include "reward/procedural/string_manipulation.h"
#include "reward/procedural/sudoku.h"
#include "reward/shown.h"

namespace hone {
namespace {

StatusOr<Verdict> CheckArithmetic(const nlohmann::json& record, absl::string_view text) {
  HONE_ASSIGN_OR_RETURN(const int64_t value, IntegerMember(record, "value"));
  return CheckInteger(value, text);
}

struct Entry {
  absl::string_view task;
  StatusOr<Verdict> (*check)(const nlohmann::json& record, absl::string_view text);
};

// All but Countdown, which reads its record itself.
constexpr Entry kCheckers[] = {
    {"arithmetic", CheckArithmetic},
    {"base_conversion", CheckBaseConversion},
    {"boolean_logic", CheckBooleanLogic},
    {"calendar", CheckCalendar},
    {"shortest_path", CheckShortestPath},
    {"string_manipulation", CheckStringManipulation},
    {"sudoku", CheckSudoku},
};

Verdict Error(absl::string_view message, absl::string_view answer) {
  return {
      .outcome = Outcome::kError,
      .detail = absl::StrCat("procedural: the problem's answer ", message, ": ", Shown(answer))};
}

class ProceduralVerifier : public Verifier {
 public:
  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    const auto record = nlohmann::json::parse(answer.begin(), answer.end(), nullptr, false);
    if (!record.is_object()) return Error("is not a JSON object", answer);
    const auto task = record.find("task");
    if (task == record.end() || !task->is_string()) return Error("has no `task`", answer);
    const std::string& name = task->get_ref<const std::string&>();
    if (name == "countdown") return countdown_->Judge(prompt, completion, answer);
    for (const Entry& entry : kCheckers) {
      if (entry.task == name) return Check(entry, record, completion, answer);
    }
    return Error("has an unknown `task`", answer);
  }

  Status CheckAnswer(absl::string_view answer) const override {
    const Verdict verdict = Judge("", "", answer);
    return verdict.outcome == Outcome::kError ? absl::InvalidArgumentError(verdict.detail)
                                              : absl::OkStatus();
  }

  std::string Vote(absl::string_view completion) const override {
    return absl::AsciiStrToLower(TaggedVote(completion));
  }

 private:
  static Verdict Check(const Entry& entry, const nlohmann::json& record,
                       absl::string_view completion, absl::string_view answer) {
    const std::optional<absl::string_view> tagged = LastAnswerTag(completion);
    const absl::string_view text = absl::StripAsciiWhitespace(tagged.value_or(""));
    const bool too_long = text.size() > kMaxAnswerText;
    // Without an answer too: a broken record is our failure, whatever the model wrote.
    const StatusOr<Verdict> verdict = entry.check(record, too_long ? "" : text);
    if (!verdict.ok()) return Error(verdict.status().message(), answer);
    if (!tagged) return {.outcome = Outcome::kUnparseable, .detail = "no <answer>...</answer>"};
    if (too_long) {
      return {.outcome = Outcome::kUnparseable,
              .detail = absl::StrCat("the answer has ", text.size(), " bytes; at most ",
                                     kMaxAnswerText, " are read")};
    }
    return *verdict;
  }

  std::unique_ptr<Verifier> countdown_ = MakeCountdownVerifier();
};

}  // namespace

std::unique_ptr<Verifier> MakeProceduralVerifier() {
  return std::make_unique<ProceduralVerifier>();
}

}  // namespace hone
