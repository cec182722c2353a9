#include "reward/countdown.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "reward/expression.h"
#include "reward/final_answer.h"
#include "reward/shown.h"

namespace hone {
namespace {

struct CountdownRecord {
  std::vector<int64_t> numbers;  // sorted
  int64_t target = 0;
};

// A whole number that an expression can name, so neither negative nor beyond int64_t.
bool ReadNumber(const nlohmann::json& value, int64_t* number) {
  if (!value.is_number_unsigned()) return false;
  const uint64_t wide = value.get<uint64_t>();
  *number = static_cast<int64_t>(wide);
  return wide < uint64_t{1'000'000'000'000'000'000};
}

StatusOr<CountdownRecord> ParseRecord(absl::string_view answer) {
  const auto json = nlohmann::json::parse(answer.begin(), answer.end(), nullptr, false);
  if (!json.is_object()) return absl::InvalidArgumentError("is not a JSON object");
  const auto numbers = json.find("numbers");
  if (numbers == json.end() || !numbers->is_array() || numbers->empty()) {
    return absl::InvalidArgumentError("`numbers` must be a list with at least one number");
  }
  CountdownRecord record;
  for (const auto& value : *numbers) {
    int64_t number;
    if (!ReadNumber(value, &number)) {
      return absl::InvalidArgumentError("`numbers` must be whole numbers from 0 below 10^18");
    }
    record.numbers.push_back(number);
  }
  std::sort(record.numbers.begin(), record.numbers.end());
  const auto target = json.find("target");
  if (target == json.end() || !ReadNumber(*target, &record.target)) {
    return absl::InvalidArgumentError("`target` must be a whole number from 0 below 10^18");
  }
  return record;
}

Verdict Incorrect(std::string detail) {
  return {.outcome = Outcome::kIncorrect, .reward = 0, .detail = std::move(detail)};
}

Verdict Compare(absl::string_view text, const Expression& expression,
                const CountdownRecord& record) {
  std::vector<int64_t> used = expression.numbers;
  std::sort(used.begin(), used.end());
  // Before the value: what numbers that were not given would overflow is no matter of ours.
  if (used != record.numbers) {
    return Incorrect(absl::StrCat(Shown(text), " uses ", absl::StrJoin(expression.numbers, ", "),
                                  "; given were ", absl::StrJoin(record.numbers, ", ")));
  }
  if (expression.problem == Expression::Problem::kDivisionByZero) {
    return Incorrect(absl::StrCat(Shown(text), " divides by zero"));
  }
  if (expression.problem == Expression::Problem::kOverflow) {
    return {.outcome = Outcome::kError,
            .detail = absl::StrCat("countdown: ", Shown(text), " overflows 128 bits")};
  }
  const absl::string_view formula =
      absl::StripAsciiWhitespace(text.substr(0, std::min(text.find('='), text.size())));
  const std::string equation = absl::StrCat(Shown(formula), " = ", expression.value.ToString());
  if (expression.value != Rational(record.target)) {
    return Incorrect(absl::StrCat(equation, ", wanted ", record.target));
  }
  if (expression.stated.value_or(record.target) != record.target) {
    return Incorrect(absl::StrCat(equation, ", but it says = ", *expression.stated));
  }
  return {.outcome = Outcome::kCorrect, .reward = 1, .detail = equation};
}

class CountdownVerifier : public Verifier {
 public:
  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    const StatusOr<CountdownRecord> record = ParseRecord(answer);
    if (!record.ok()) {
      return {.outcome = Outcome::kError,
              .detail = absl::StrCat("countdown: the problem's answer ", record.status().message(),
                                     ": ", Shown(answer))};
    }
    const std::optional<absl::string_view> found = LastAnswerTag(completion);
    if (!found.has_value()) {
      return {.outcome = Outcome::kUnparseable, .detail = "no <answer>...</answer>"};
    }
    const absl::string_view text = absl::StripAsciiWhitespace(*found);
    const StatusOr<Expression> expression = ParseExpression(text);
    if (!expression.ok()) {
      return {.outcome = Outcome::kUnparseable,
              .detail = absl::StrCat("the answer \"", Shown(text),
                                     "\": ", expression.status().message())};
    }
    return Compare(text, *expression, *record);
  }

  Status CheckAnswer(absl::string_view answer) const override {
    const Status status = ParseRecord(answer).status();
    return status.ok() ? status
                       : absl::InvalidArgumentError(
                             absl::StrCat("countdown: the problem's answer ", status.message()));
  }

  std::string Vote(absl::string_view completion) const override { return TaggedVote(completion); }
};

}  // namespace

std::unique_ptr<Verifier> MakeCountdownVerifier() { return std::make_unique<CountdownVerifier>(); }

}  // namespace hone
