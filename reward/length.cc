#include "reward/length.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/utf8.h"

namespace hone {
namespace {

// Judges by how long a completion is.
class LengthTerm : public Verifier {
 public:
  LengthTerm(absl::string_view name, const std::string& unit) : name_(name), unit_(unit) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    return JudgeTerm(prompt, completion, answer, {});
  }

  Verdict JudgeTerm(absl::string_view prompt, absl::string_view completion,
                    absl::string_view answer, const TermContext& context) const override {
    const int64_t length =
        unit_ == "characters" ? CountCharacters(completion) : context.completion_tokens;
    if (length >= 0) return JudgeLength(length, context);
    return {
        .outcome = Outcome::kError,
        .detail = absl::StrCat(name_, ": the number of tokens is not known; use unit: characters")};
  }

 private:
  virtual Verdict JudgeLength(int64_t length, const TermContext& context) const = 0;

  const absl::string_view name_;
  const std::string unit_;
};

class LengthVerifier : public LengthTerm {
 public:
  explicit LengthVerifier(const LengthSpec& spec) : LengthTerm("length", spec.unit), spec_(spec) {}

 private:
  Verdict JudgeLength(int64_t length, const TermContext&) const override {
    const double beyond = static_cast<double>(length - spec_.target) /
                          static_cast<double>(spec_.limit - spec_.target);
    const bool fits = length <= spec_.target;
    return {
        .outcome = fits ? Outcome::kCorrect : Outcome::kIncorrect,
        .reward = fits ? 0.0 : -std::min(beyond, 1.0),
        .detail = absl::StrFormat("%d %s, at most %d are free", length, spec_.unit, spec_.target)};
  }

  const LengthSpec spec_;
};

class LengthCosineVerifier : public LengthTerm {
 public:
  explicit LengthCosineVerifier(const LengthCosineSpec& spec)
      : LengthTerm("length_cosine", spec.unit), spec_(spec) {}

 private:
  Verdict JudgeLength(int64_t length, const TermContext& context) const override {
    const bool correct = context.first == Outcome::kCorrect;
    return {.outcome = correct ? Outcome::kCorrect : Outcome::kIncorrect,
            .reward = Reward(length, correct),
            .detail = absl::StrFormat("%d %s of a %s answer", length, spec_.unit,
                                      correct ? "correct" : "wrong")};
  }

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
