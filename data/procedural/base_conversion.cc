#include "data/procedural/base_conversion.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr absl::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";

struct Conversion {
  int value;
  int from, to;  // bases
};

// A slip may make a number smaller than 0; one writes 0 then.
int64_t JottedNumber(int64_t result, Random* random) {
  return std::max<int64_t>(Jotted(result, random), 0);
}

Attempt Convert(const Conversion& task, Random* random) {
  Attempt attempt;
  int64_t value = task.value;
  if (task.from != 10) {
    const std::string digits = InBase(task.value, task.from);
    value = static_cast<int64_t>(kDigits.find(digits.front()));
    if (digits.size() == 1) AppendStep(absl::StrCat(digits, "=", value), &attempt.steps);
    for (size_t i = 1; i < digits.size(); ++i) {
      const int64_t digit = static_cast<int64_t>(kDigits.find(digits[i]));
      const int64_t next = JottedNumber(value * task.from + digit, random);
      AppendStep(absl::StrCat(value, "*", task.from, "+", digit, "=", next), &attempt.steps);
      value = next;
    }
  }
  if (task.to == 10) {
    attempt.answer = absl::StrCat(value);
    return attempt;
  }
  std::string digits;  // the last one first
  do {
    const int64_t rest = value % task.to;
    const int64_t quotient = JottedNumber(value / task.to, random);
    AppendStep(absl::StrCat(value, "/", task.to, "=", quotient, "r", rest), &attempt.steps);
    digits.push_back(kDigits[rest]);
    value = quotient;
  } while (value > 0);
  attempt.answer.assign(digits.rbegin(), digits.rend());
  return attempt;
}

}  // namespace

std::string InBase(int64_t value, int base) {
  std::string digits;
  do {
    digits.push_back(kDigits[value % base]);
    value /= base;
  } while (value > 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

Exercise DrawBaseConversion(const BaseConversionSpec& spec, Random* random) {
  const int num_bases = spec.max_base - spec.min_base + 1;
  Conversion task;
  task.from = static_cast<int>(random->Below(num_bases));
  task.to = static_cast<int>(random->Below(num_bases - 1));
  if (task.to >= task.from) ++task.to;  // another one
  task.from += spec.min_base;
  task.to += spec.min_base;
  // From the smaller base on, the two texts differ.
  const int smallest = std::min(task.from, task.to);
  task.value = smallest + static_cast<int>(random->Below(spec.max_value - smallest + 1));
  const std::string number = InBase(task.value, task.from);
  return {.key = absl::StrCat(task.value, " from ", task.from, " to ", task.to),
          .brief = absl::StrCat(number, " from base ", task.from, " to ", task.to),
          .question = absl::StrCat("Convert ", number, " from base ", task.from, " to base ",
                                   task.to, ". Answer with the digits alone."),
          .record = absl::StrCat("\"value\":", task.value, ",\"base\":", task.to),
          .attempt = [task](Random* r) { return Convert(task, r); }};
}

}  // namespace hone
