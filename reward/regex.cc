#include "reward/regex.h"

#include <re2/re2.h>

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "reward/final_answer.h"
#include "reward/shown.h"

namespace hone {
namespace {

constexpr size_t kMaxTextBytes = 1 << 20;
// Of the compiled expression and its cache: bounds what a text of kMaxTextBytes may cost.
constexpr int64_t kMaxMemoryBytes = 1 << 20;

re2::StringPiece Piece(absl::string_view text) { return {text.data(), text.size()}; }

StatusOr<std::unique_ptr<RE2>> Compile(absl::string_view pattern, bool ignore_case) {
  if (pattern.size() > RegexSpec::kMaxPatternBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is longer than ", RegexSpec::kMaxPatternBytes, " bytes"));
  }
  RE2::Options options(RE2::Quiet);
  options.set_case_sensitive(!ignore_case);
  options.set_max_mem(kMaxMemoryBytes);
  auto expression = std::make_unique<RE2>(Piece(pattern), options);
  if (!expression->ok()) return absl::InvalidArgumentError(expression->error());
  return expression;
}

class RegexVerifier : public Verifier {
 public:
  // `expression` is null where each problem has its own.
  RegexVerifier(const RegexSpec& spec, std::unique_ptr<RE2> expression)
      : spec_(spec), expression_(std::move(expression)) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    std::unique_ptr<RE2> own;
    if (expression_ == nullptr) {
      StatusOr<std::unique_ptr<RE2>> compiled = CompileAnswer(answer);
      if (!compiled.ok()) {
        return {.outcome = Outcome::kError, .detail = std::string(compiled.status().message())};
      }
      own = *std::move(compiled);
    }
    const std::string text = Text(completion);
    if (absl::StripAsciiWhitespace(text).empty()) {
      return {.outcome = Outcome::kUnparseable, .detail = "no answer"};
    }
    if (text.size() > kMaxTextBytes) {
      return {.outcome = Outcome::kIncorrect,
              .detail = absl::StrCat("longer than ", kMaxTextBytes, " bytes")};
    }
    const RE2& expression = own == nullptr ? *expression_ : *own;
    const bool matches = spec_.match == "full" ? RE2::FullMatch(text, expression)
                                               : RE2::PartialMatch(text, expression);
    return {.outcome = matches ? Outcome::kCorrect : Outcome::kIncorrect,
            .reward = matches ? 1.0 : 0.0,
            .detail = absl::StrCat("\"", Shown(text), matches ? "\" matches " : "\", wanted ",
                                   Shown(expression.pattern()))};
  }

  Status CheckAnswer(absl::string_view answer) const override {
    return expression_ == nullptr ? CompileAnswer(answer).status() : absl::OkStatus();
  }

  std::string Vote(absl::string_view completion) const override { return FinalAnswer(completion); }

 private:
  std::string Text(absl::string_view completion) const {
    return spec_.text == "answer" ? FinalAnswer(completion) : std::string(completion);
  }

  StatusOr<std::unique_ptr<RE2>> CompileAnswer(absl::string_view answer) const {
    if (absl::StripAsciiWhitespace(answer).empty()) {
      return absl::InvalidArgumentError("regex: the problem's answer is empty");
    }
    StatusOr<std::unique_ptr<RE2>> compiled = Compile(answer, spec_.ignore_case);
    if (compiled.ok()) return compiled;
    return absl::InvalidArgumentError(
        absl::StrCat("regex: the problem's answer \"", Shown(answer),
                     "\" is no regular expression: ", compiled.status().message()));
  }

  const RegexSpec spec_;
  const std::unique_ptr<RE2> expression_;
};

}  // namespace

StatusOr<std::unique_ptr<Verifier>> MakeRegexVerifier(const RegexSpec& spec) {
  std::unique_ptr<RE2> expression;
  if (!spec.pattern.empty()) {
    StatusOr<std::unique_ptr<RE2>> compiled = Compile(spec.pattern, spec.ignore_case);
    if (!compiled.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("the pattern of the reward `regex`, ",
                                                     Shown(spec.pattern),
                                                     ", is no regular "
                                                     "expression: ",
                                                     compiled.status().message()));
    }
    expression = *std::move(compiled);
  }
  return std::make_unique<RegexVerifier>(spec, std::move(expression));
}

}  // namespace hone
