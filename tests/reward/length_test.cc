#include "reward/length.h"

#include <string>

#include "gtest/gtest.h"

namespace hone {
namespace {

Verdict Length(int64_t tokens, const LengthSpec& spec) {
  return MakeLengthVerifier(spec)->JudgeTerm("", "text", "", {{}, tokens});
}

TEST(Length, IsFreeUpToTheTargetAndFallsToTheLimit) {
  const LengthSpec spec = {.target = 100, .limit = 200};
  EXPECT_EQ(Length(0, spec).reward, 0);
  EXPECT_EQ(Length(100, spec).reward, 0);
  EXPECT_EQ(Length(100, spec).outcome, Outcome::kCorrect);
  EXPECT_NEAR(Length(101, spec).reward, -0.01, 1e-12);
  EXPECT_EQ(Length(101, spec).outcome, Outcome::kIncorrect);
  EXPECT_EQ(Length(150, spec).reward, -0.5);
  EXPECT_EQ(Length(200, spec).reward, -1);
  EXPECT_EQ(Length(1 << 30, spec).reward, -1);
}

TEST(Length, CountsCharactersWithoutTokens) {
  const auto verifier = MakeLengthVerifier({.unit = "characters", .target = 2, .limit = 4});
  EXPECT_EQ(verifier->Judge("", "h\xc3\xa9", "").reward, 0);
  EXPECT_EQ(verifier->Judge("", "我们好", "").reward, -0.5);
  EXPECT_EQ(Length(-1, {.target = 1, .limit = 2}).outcome, Outcome::kError);
}

double Cosine(int64_t tokens, Outcome first, const LengthCosineSpec& spec) {
  return MakeLengthCosineVerifier(spec)->JudgeTerm("", "text", "", {first, tokens}).reward;
}

TEST(LengthCosine, GoesFromOneValueToTheOther) {
  const LengthCosineSpec spec = {.limit = 1000,
                                 .correct_at_0 = 2,
                                 .correct_at_limit = 1,
                                 .wrong_at_0 = -10,
                                 .wrong_at_limit = 0,
                                 .beyond = -20};
  EXPECT_EQ(Cosine(0, Outcome::kCorrect, spec), 2);
  EXPECT_NEAR(Cosine(500, Outcome::kCorrect, spec), 1.5, 1e-12);
  EXPECT_NEAR(Cosine(999, Outcome::kCorrect, spec), 1, 1e-4);
  EXPECT_EQ(Cosine(0, Outcome::kIncorrect, spec), -10);
  EXPECT_NEAR(Cosine(250, Outcome::kUnparseable, spec), -8.535533905932738, 1e-12);
  EXPECT_EQ(Cosine(1000, Outcome::kCorrect, spec), -20);
  EXPECT_EQ(Cosine(1000, Outcome::kIncorrect, spec), -20);
  EXPECT_EQ(MakeLengthCosineVerifier(spec)->Judge("", "text", "").outcome, Outcome::kError);
}

}  // namespace
}  // namespace hone
