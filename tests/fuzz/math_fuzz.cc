// The math reward, and below it the parser, the two ways to evaluate, and the comparison. Input: a
// byte that chooses the settings; the wanted answer, a zero byte, the completion.
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "reward/math.h"
#include "reward/math/compare.h"
#include "reward/math/equal.h"
#include "reward/math/evaluate.h"
#include "reward/math/parser.h"
#include "tests/fuzz/invariant.h"

namespace hone::fuzz {
namespace {

using math::Arena;
using math::Budget;
using math::Comma;
using math::Ref;

constexpr int64_t kSteps = 400'000;

// An enclosure has the exact value in it.
void CheckValue(Ref tree, Budget* budget) {
  const std::optional<math::Fraction> exact = math::Exact(tree, budget);
  if (!exact) return;
  const std::optional<math::Ball> ball = math::Enclose(tree, {}, budget);
  if (!ball || !ball->finite()) return;
  Promise(acb_contains_fmpq(ball->get(), exact->get()) != 0, "a ball encloses the exact value");
}

void CheckTree(absl::string_view text, Comma comma) {
  Budget budget(kSteps), again_budget(kSteps);
  Arena arena(&budget), again_arena(&again_budget);
  const Ref tree = math::Parse(text, comma, &arena);
  const Ref again = math::Parse(text, comma, &again_arena);
  Promise((tree == nullptr) == (again == nullptr), "a text is read the same way twice");
  if (tree == nullptr) return;
  Promise(tree->depth <= math::kMaxTreeDepth, "no tree is too deep to recurse");
  const std::string key = math::Key(tree, &budget);
  Promise(key == math::Key(again, &again_budget), "a tree has one key");
  math::Equality equality(&arena, text.size());
  Promise(key.empty() || budget.exhausted() || math::SameAnswer(tree, tree, &equality),
          "an answer equals itself");
  Budget value_budget(kSteps);
  CheckValue(tree, &value_budget);
}

// Whether two values are the same does not depend on which of them is asked first.
void CheckOrder(absl::string_view a, absl::string_view b) {
  const auto same = [&](bool swap) -> std::optional<bool> {
    Budget budget(kSteps);
    Arena arena(&budget);
    const Ref x = math::Parse(a, Comma::kThousands, &arena);
    const Ref y = math::Parse(b, Comma::kThousands, &arena);
    if (x == nullptr || y == nullptr) return std::nullopt;
    math::Equality equality(&arena, 1);
    equality.SetMinDigits(0);
    const bool found = swap ? equality.SameValue(y, x) : equality.SameValue(x, y);
    return budget.exhausted() ? std::nullopt : std::make_optional(found);
  };
  const std::optional<bool> one = same(false), other = same(true);
  Promise(!one || !other || *one == *other, "equality of values is symmetric");
}

MathSpec Settings(uint8_t choice) {
  MathSpec spec;
  if ((choice & 1) != 0) spec.candidates = "first";
  if ((choice & 2) != 0) spec.variables = "by_position";
  if ((choice & 4) != 0) spec.digits = 0;
  if ((choice & 8) != 0) spec.extraction = {"boxed", "formula", "number"};
  return spec;
}

}  // namespace
}  // namespace hone::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hone;  // NOLINT(google-build-using-namespace): this function stands outside
  absl::string_view input(reinterpret_cast<const char*>(data), size);
  const auto verifier = MakeMathVerifier(fuzz::Settings(fuzz::TakeByte(&input)));
  const absl::string_view wanted = fuzz::TakePart(&input), completion = input;

  const Verdict verdict = fuzz::JudgeTwice(*verifier, "", completion, wanted);
  fuzz::Promise(verifier->Explain("", completion, wanted).back().second == verdict.detail,
                "the explanation ends with the verdict's detail");
  fuzz::Promise(verifier->Vote(completion) == verifier->Vote(completion), "a text has one vote");
  // Only the record can make an error, whatever the completion.
  const Verdict itself = fuzz::JudgeTwice(*verifier, "", wanted, wanted);
  fuzz::Promise((verdict.outcome == Outcome::kError) == (itself.outcome == Outcome::kError),
                "an error is the record's");
  fuzz::Promise(verdict.outcome != Outcome::kError || !verifier->CheckAnswer(wanted).ok(),
                "a record that makes an error is refused");
  for (const absl::string_view text : {wanted, completion}) {
    for (const math::Comma comma :
         {math::Comma::kThousands, math::Comma::kDecimal, math::Comma::kSeparator}) {
      fuzz::CheckTree(text, comma);
    }
  }
  fuzz::CheckOrder(wanted, completion);
  return 0;
}
