#include "reward/math.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "base/hash.h"
#include "reward/equals_itself.h"
#include "reward/final_answer.h"
#include "reward/math/answer_text.h"
#include "reward/math/compare.h"
#include "reward/math/find_answer.h"
#include "reward/math/parser.h"
#include "reward/math/rename.h"
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
constexpr absl::string_view kSameText = "the same text";

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
// single comma with two digits or more behind it may be a decimal point where it parts no
// thousands.
std::vector<Comma> CommaReadings(absl::string_view text) {
  const size_t at = text.find(',');
  std::vector<Comma> readings = {Comma::kThousands};
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != ',' || !absl::ascii_isdigit(text[i - 1]) || !absl::ascii_isdigit(text[i + 1])) {
      continue;
    }
    readings.push_back(Comma::kSeparator);
    size_t end = i + 1, begin = i;
    while (end < text.size() && absl::ascii_isdigit(text[end])) ++end;
    while (begin > 0 && absl::ascii_isdigit(text[begin - 1])) --begin;
    const size_t digits = end - i - 1;
    const bool thousands = digits == 3 && i - begin <= 3 && text[begin] != '0';
    if (text.rfind(',') == at && digits >= 2 && !thousands) readings.push_back(Comma::kDecimal);
    break;
  }
  return readings;
}

bool HasBareLogarithm(absl::string_view text) { return absl::StrContains(text, "log"); }

bool SameMathematics(const MathSpec& spec, absl::string_view wanted, absl::string_view found,
                     Budget* budget) {
  Arena arena(budget);
  Equality equality(&arena, Mix64(wanted.size() * 1000003 + found.size()));
  equality.SetMinDigits(spec.digits);
  const auto parse = [&](absl::string_view text, Comma comma) {
    const Ref tree = math::Parse(text, comma, &arena);
    return spec.variables == "by_position" ? math::NumberVariables(tree, &arena) : tree;
  };
  const bool logarithm = HasBareLogarithm(wanted) || HasBareLogarithm(found);
  for (const Comma wanted_comma : CommaReadings(wanted)) {
    const Ref a = parse(wanted, wanted_comma);
    if (a == nullptr) continue;
    for (const Comma found_comma : CommaReadings(found)) {
      // Two lists are not compared as two decimals.
      if (wanted_comma == Comma::kDecimal && found_comma == Comma::kDecimal) continue;
      const Ref b = parse(found, found_comma);
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
absl::string_view Match(const MathSpec& spec, absl::string_view wanted, absl::string_view found,
                        Budget* budget) {
  const std::string a = math::CompactText(wanted), b = math::CompactText(found);
  if (a == b) return kSameText;
  const char choice = math::ChoiceLetter(wanted);
  if (choice != 0 && choice == math::ChoiceLetter(found)) return "the same choice";
  if (SameMathematics(spec, wanted, found, budget)) return "the same value";
  if (const auto behind = math::BehindChoice(found); behind && choice == 0) {
    if (SameMathematics(spec, wanted, *behind, budget))
      return "the same value behind a choice's letter";
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

// As Shown, but a backslash stays one.
std::string ShownFormula(absl::string_view text) {
  return absl::StrReplaceAll(Shown(text), {{"\\\\", "\\"}});
}

// One judgement, step by step.
struct Judgement {
  FoundAnswer wanted;
  std::optional<FoundAnswer> found;
  Verdict verdict;
};

// The tree of a text in one form; empty if it is not read.
std::string ReadAs(absl::string_view text) {
  if (text.size() > kMaxMathBytes) return "";
  Budget budget(kStepsForReading);
  Arena arena(&budget);
  return math::Key(math::Parse(text, Comma::kThousands, &arena), &budget);
}

std::string ShownTree(absl::string_view text) {
  const std::string tree = ReadAs(text);
  return tree.empty() ? "no mathematics; compared as words" : ShownFormula(tree);
}

math::Extraction MakeExtraction(const MathSpec& spec) {
  using math::Place;
  constexpr std::pair<absl::string_view, Place> kPlaces[] = {
      {"mark", Place::kMark},       {"boxed", Place::kBoxed},   {"answer_tag", Place::kAnswerTag},
      {"hash", Place::kHash},       {"phrase", Place::kPhrase}, {"whole", Place::kWhole},
      {"formula", Place::kFormula}, {"number", Place::kNumber}, {"last", Place::kLast}};
  math::Extraction extraction;
  extraction.first = spec.candidates == "first";
  extraction.places.clear();
  for (const std::string& name : spec.extraction) {
    for (const auto& [known, place] : kPlaces) {
      if (known == name) extraction.places.push_back(place);
    }
  }
  return extraction;
}

class MathVerifier : public Verifier {
 public:
  explicit MathVerifier(const MathSpec& spec) : spec_(spec), extraction_(MakeExtraction(spec)) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    return MakeJudgement(prompt, completion, answer).verdict;
  }

  Explanation Explain(absl::string_view prompt, absl::string_view completion,
                      absl::string_view answer) const override {
    const Judgement judgement = MakeJudgement(prompt, completion, answer);
    Explanation steps = {{"wanted", ShownFormula(judgement.wanted.text)},
                         {"wanted_from", std::string(judgement.wanted.where)},
                         {"wanted_as", ShownTree(judgement.wanted.text)}};
    if (const std::optional<FoundAnswer>& found = judgement.found) {
      steps.emplace_back("found", ShownFormula(found->text));
      steps.emplace_back("found_from", found->where);
      steps.emplace_back("found_as", ShownTree(found->text));
    }
    steps.emplace_back("compared", judgement.verdict.detail);
    return steps;
  }

  Status CheckAnswer(absl::string_view answer) const override {
    HONE_RETURN_IF_ERROR(CheckEqualsItself(*this, answer));
    // The same text equals itself whatever it is; here it must do so by what it means.
    const std::string wanted = math::FindWanted(answer, Reads).text;
    if (!math::BracesMatch(wanted)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the braces of the answer ", ShownFormula(wanted), " do not match"));
    }
    Budget budget(kSteps);
    if (!Reads(wanted) || SameMathematics(spec_, wanted, wanted, &budget)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("the answer ", ShownFormula(wanted),
                                                   " has no value that equals itself",
                                                   budget.exhausted() ? " within the budget" : ""));
  }

  std::string Vote(absl::string_view completion) const override {
    const std::optional<FoundAnswer> found = math::FindAnswer(completion, extraction_, Reads);
    if (!found || found->text.size() > kMaxMathBytes) return "";
    std::string tree = ReadAs(found->text);
    return tree.empty() ? math::CompactText(found->text) : tree;
  }

 private:
  Verdict Compare(absl::string_view prompt, const FoundAnswer& wanted,
                  const FoundAnswer& found) const {
    if (found.text.size() > kMaxMathBytes) {
      return {.outcome = Outcome::kIncorrect,
              .detail = absl::StrCat("the answer is longer than ", kMaxMathBytes, " bytes")};
    }
    Budget budget(kSteps);
    const absl::string_view how = Match(spec_, wanted.text, found.text, &budget);
    if (how.empty()) {
      return {
          .outcome = Outcome::kIncorrect,
          .detail = absl::StrCat(ShownFormula(found.text), ", wanted ", ShownFormula(wanted.text),
                                 budget.exhausted() ? " (beyond the budget)" : "")};
    }
    if (how != kSameText && RepeatsQuestion(prompt, wanted.text, found.text)) {
      return {.outcome = Outcome::kIncorrect,
              .detail = absl::StrCat(ShownFormula(found.text), " stands in the question")};
    }
    return {.outcome = Outcome::kCorrect,
            .reward = 1,
            .detail = absl::StrCat(ShownFormula(found.text), ": ", how)};
  }

  Judgement MakeJudgement(absl::string_view prompt, absl::string_view completion,
                          absl::string_view answer) const {
    Judgement judgement{math::FindWanted(answer, Reads), std::nullopt, {}};
    const std::string& wanted = judgement.wanted.text;
    if (wanted.empty() || wanted.size() > kMaxMathBytes) {
      judgement.verdict = {.outcome = Outcome::kError,
                           .detail = absl::StrCat("math: the problem's answer is ",
                                                  wanted.empty() ? "empty" : "too long")};
      return judgement;
    }
    std::optional<FoundAnswer>& found = judgement.found;
    found = math::FindAnswer(completion, extraction_, Reads);
    const absl::string_view said = AfterThinking(completion);
    if (!found && LooksIn(math::Place::kWhole) &&
        absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(said), wanted)) {
      found = FoundAnswer{std::string(said), "the whole text"};
    }
    if (!found && LooksIn(math::Place::kLast) && math::ChoiceLetter(wanted) != 0) {
      const char letter = math::LoneLetter(said);
      if (letter != 0) found = FoundAnswer{std::string(1, letter), "a letter that stands alone"};
    }
    if (!found || absl::StripAsciiWhitespace(found->text).empty()) {
      judgement.verdict = {.outcome = Outcome::kUnparseable, .detail = "no answer"};
    } else {
      judgement.verdict = Compare(prompt, judgement.wanted, *found);
    }
    return judgement;
  }

  bool LooksIn(math::Place place) const {
    const std::vector<math::Place>& places = extraction_.places;
    return std::find(places.begin(), places.end(), place) != places.end();
  }

  const MathSpec spec_;
  const math::Extraction extraction_;
};

}  // namespace

std::unique_ptr<Verifier> MakeMathVerifier(const MathSpec& spec) {
  return std::make_unique<MathVerifier>(spec);
}

}  // namespace hone
