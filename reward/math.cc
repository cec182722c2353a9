#include "reward/math.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/hash.h"
#include "reward/final_answer.h"
#include "reward/math/answer_text.h"
#include "reward/math/compare.h"
#include "reward/math/parser.h"
#include "reward/math/units.h"
#include "reward/math/vocabulary.h"
#include "reward/number_text.h"
#include "reward/shown.h"

namespace hone {
namespace {

using math::Arena;
using math::Budget;
using math::Comma;
using math::Equality;
using math::FoundAnswer;
using math::Ref;

constexpr size_t kMaxMathBytes = 1 << 16;
constexpr int64_t kSteps = 1'500'000;          // for one judgement: some 20 ms
constexpr int64_t kStepsForReading = 400'000;  // to see whether a text is an answer at all
constexpr size_t kMinRepeatedBytes = 5;

bool HasWords(Ref node) {
  return node->kind == math::Kind::kText ||
         std::any_of(node->args.begin(), node->args.end(), HasWords);
}

// Whether words stand outside of commands that are neither notation nor units, nor names in
// capitals.
bool HasPlainWords(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const bool command = text[i] == '\\';
    if (command) ++i;
    const size_t begin = i;
    while (i < text.size() && absl::ascii_isalpha(text[i])) ++i;
    absl::string_view word = text.substr(begin, i - begin);
    for (const absl::string_view glued : {"or", "and"}) {  // 1orW(x)
      if (word.size() == glued.size() + 1) absl::ConsumePrefix(&word, glued);
    }
    if (i == begin) {
      ++i;
      continue;
    }
    if (command || word.size() == 1 || word == "and" || word == "or" || math::IsUnit(word))
      continue;
    const bool capitals = std::all_of(word.begin(), word.end(), absl::ascii_isupper);
    if (!capitals && math::CommandOfWord(word).empty()) return true;
  }
  return false;
}

// Whether a text is an answer as it stands, without words that are none of it.
bool Reads(absl::string_view text) {
  if (text.size() > kMaxMathBytes || HasPlainWords(text)) return false;
  Budget budget(kStepsForReading);
  Arena arena(&budget);
  const Ref answer = math::Parse(text, Comma::kThousands, &arena);
  return answer != nullptr && !HasWords(answer);
}

// The ways to read the commas of a text that differ for it: 1,234 may be a number or a list, and a
// single comma with two digits or more behind it may be a decimal point.
std::vector<Comma> CommaReadings(absl::string_view text) {
  const size_t at = text.find(',');
  std::vector<Comma> readings = {Comma::kThousands};
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != ',' || !absl::ascii_isdigit(text[i - 1]) || !absl::ascii_isdigit(text[i + 1])) {
      continue;
    }
    readings.push_back(Comma::kSeparator);
    const bool decimal =
        text.rfind(',') == at && i + 2 < text.size() && absl::ascii_isdigit(text[i + 2]);
    if (decimal) readings.push_back(Comma::kDecimal);
    break;
  }
  return readings;
}

bool HasBareLogarithm(absl::string_view text) { return absl::StrContains(text, "log"); }

bool SameMathematics(absl::string_view wanted, absl::string_view found, Budget* budget) {
  Arena arena(budget);
  Equality equality(&arena, Mix64(wanted.size() * 1000003 + found.size()));
  const bool logarithm = HasBareLogarithm(wanted) || HasBareLogarithm(found);
  for (const Comma wanted_comma : CommaReadings(wanted)) {
    const Ref a = math::Parse(wanted, wanted_comma, &arena);
    if (a == nullptr) continue;
    for (const Comma found_comma : CommaReadings(found)) {
      // Two lists are not compared as two decimals.
      if (wanted_comma == Comma::kDecimal && found_comma == Comma::kDecimal) continue;
      const Ref b = math::Parse(found, found_comma, &arena);
      if (b == nullptr) continue;
      for (const bool common : {false, true}) {
        if (common && !logarithm) break;
        equality.UseCommonLogarithm(common);
        if (math::SameAnswer(a, b, &equality)) return true;
      }
    }
  }
  return false;
}

// Whether the only number in a sentence is the wanted one: "She has 18 left."
bool SameNumberInWords(absl::string_view wanted, absl::string_view found) {
  const StatusOr<NumberText> a = ReadAnswer(wanted), b = ReadAnswer(found);
  return a.ok() && b.ok() && a->value == b->value && !math::ChangesQuantity(found);
}

// How two answers were found to be the same; empty if they are not.
absl::string_view Match(absl::string_view wanted, absl::string_view found, Budget* budget) {
  const std::string a = math::CompactText(wanted), b = math::CompactText(found);
  if (a == b) return "the same text";
  const char choice = math::ChoiceLetter(wanted);
  if (choice != 0 && choice == math::ChoiceLetter(found)) return "the same choice";
  if (SameMathematics(wanted, found, budget)) return "the same value";
  if (const auto behind = math::BehindChoice(found); behind && choice == 0) {
    if (SameMathematics(wanted, *behind, budget)) return "the same value behind a choice's letter";
  }
  const bool words = a.size() > 1 && std::all_of(a.begin(), a.end(), [](char c) {
                       return absl::ascii_isalpha(c) || static_cast<unsigned char>(c) >= 0x80;
                     });
  if (words && absl::EqualsIgnoreCase(a, b)) return "the same words";
  if (!Reads(found) && SameNumberInWords(wanted, found)) return "the same number in words";
  return "";
}

// A formula of the prompt that is handed back is no answer, though it has the value.
bool RepeatsQuestion(absl::string_view prompt, absl::string_view wanted, absl::string_view found) {
  const std::string compact = math::CompactText(found);
  const bool formula =
      compact.size() >= kMinRepeatedBytes && compact.find_first_of("+-*/^=\\") != std::string::npos;
  if (!formula) return false;
  const std::string question = math::CompactText(prompt);
  return absl::StrContains(question, compact) &&
         !absl::StrContains(question, math::CompactText(wanted));
}

class MathVerifier : public Verifier {
 public:
  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    const FoundAnswer wanted = math::FindWanted(answer, Reads);
    if (wanted.text.empty() || wanted.text.size() > kMaxMathBytes) {
      return {.outcome = Outcome::kError,
              .detail = absl::StrCat("math: the problem's answer is ",
                                     wanted.text.empty() ? "empty" : "too long")};
    }
    std::optional<FoundAnswer> found = math::FindAnswer(completion, Reads);
    if (!found && math::ChoiceLetter(wanted.text) != 0) {
      const char letter = math::LoneLetter(AfterThinking(completion));
      if (letter != 0) found = FoundAnswer{std::string(1, letter), "a letter that stands alone"};
    }
    if (!found || absl::StripAsciiWhitespace(found->text).empty()) {
      return {.outcome = Outcome::kUnparseable, .detail = "no answer"};
    }
    return Compare(prompt, wanted, *found);
  }

  std::string Vote(absl::string_view completion) const override {
    const std::optional<FoundAnswer> found = math::FindAnswer(completion, Reads);
    if (!found || found->text.size() > kMaxMathBytes) return "";
    Budget budget(kStepsForReading);
    Arena arena(&budget);
    const std::string key = math::Key(math::Parse(found->text, Comma::kThousands, &arena), &budget);
    return key.empty() ? math::CompactText(found->text) : key;
  }

 private:
  static Verdict Compare(absl::string_view prompt, const FoundAnswer& wanted,
                         const FoundAnswer& found) {
    if (found.text.size() > kMaxMathBytes) {
      return {.outcome = Outcome::kIncorrect,
              .detail = absl::StrCat("the answer is longer than ", kMaxMathBytes, " bytes")};
    }
    Budget budget(kSteps);
    const absl::string_view how = Match(wanted.text, found.text, &budget);
    if (how.empty()) {
      return {.outcome = Outcome::kIncorrect,
              .detail = absl::StrCat(Shown(found.text), ", wanted ", Shown(wanted.text),
                                     budget.exhausted() ? " (beyond the budget)" : "")};
    }
    if (how != "the same text" && RepeatsQuestion(prompt, wanted.text, found.text)) {
      return {.outcome = Outcome::kIncorrect,
              .detail = absl::StrCat(Shown(found.text), " stands in the question")};
    }
    return {.outcome = Outcome::kCorrect,
            .reward = 1,
            .detail = absl::StrCat(Shown(found.text), ": ", how)};
  }
};

}  // namespace

std::unique_ptr<Verifier> MakeMathVerifier() { return std::make_unique<MathVerifier>(); }

}  // namespace hone
