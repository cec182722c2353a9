#include "reward/length.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hone {
namespace {

// nullopt where the number of tokens is not known.
std::optional<int64_t> LengthOf(const std::string& unit, absl::string_view completion,
                                const TermContext& context) {
  if (unit == "characters") {
    return std::count_if(completion.begin(), completion.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  }
  if (context.completion_tokens < 0) return std::nullopt;
  return context.completion_tokens;
}

Verdict UnknownTokens(absl::string_view name) {
  return {
      .outcome = Outcome::kError,
      .detail = absl::StrCat(name, ": the number of tokens is not known; use unit: characters")};
}

class LengthVerifier : public Verifier {
 public:
  explicit LengthVerifier(const LengthSpec& spec) : spec_(spec) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    return JudgeTerm(prompt, completion, answer, {});
  }

  Verdict JudgeTerm(absl::string_view prompt, absl::string_view completion,
                    absl::string_view answer, const TermContext& context) const override {
    const std::optional<int64_t> length = LengthOf(spec_.unit, completion, context);
    if (!length) return UnknownTokens("length");
    const double beyond = static_cast<double>(*length - spec_.target) /
                          static_cast<double>(spec_.limit - spec_.target);
    const bool fits = *length <= spec_.target;
    return {
        .outcome = fits ? Outcome::kCorrect : Outcome::kIncorrect,
        .reward = fits ? 0.0 : -std::min(beyond, 1.0),
        .detail = absl::StrFormat("%d %s, at most %d are free", *length, spec_.unit, spec_.target)};
  }

  std::string Vote(absl::string_view completion) const override { return ""; }

 private:
  const LengthSpec spec_;
};

class LengthCosineVerifier : public Verifier {
 public:
  explicit LengthCosineVerifier(const LengthCosineSpec& spec) : spec_(spec) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    return JudgeTerm(prompt, completion, answer, {});
  }

  Verdict JudgeTerm(absl::string_view prompt, absl::string_view completion,
                    absl::string_view answer, const TermContext& context) const override {
    const std::optional<int64_t> length = LengthOf(spec_.unit, completion, context);
    if (!length) return UnknownTokens("length_cosine");
    const bool correct = context.first == Outcome::kCorrect;
    return {.outcome = correct ? Outcome::kCorrect : Outcome::kIncorrect,
            .reward = Reward(*length, correct),
            .detail = absl::StrFormat("%d %s of a %s answer", *length, spec_.unit,
                                      correct ? "correct" : "wrong")};
  }

  std::string Vote(absl::string_view completion) const override { return ""; }

 private:
  double Reward(int64_t length, bool correct) const {
    if (length >= spec_.limit) return spec_.beyond;
    const double begin = correct ? spec_.correct_at_0 : spec_.wrong_at_0;
    const double end = correct ? spec_.correct_at_limit : spec_.wrong_at_limit;
    const double share = static_cast<double>(length) / static_cast<double>(spec_.limit);
    return end + (begin - end) * (1 + std::cos(std::numbers::pi * share)) / 2;
  }

  const LengthCosineSpec spec_;
};

}  // namespace

std::unique_ptr<Verifier> MakeLengthVerifier(const LengthSpec& spec) {
  return std::make_unique<LengthVerifier>(spec);
}

std::unique_ptr<Verifier> MakeLengthCosineVerifier(const LengthCosineSpec& spec) {
  return std::make_unique<LengthCosineVerifier>(spec);
}

}  // namespace hone
