#include "rollout/engine/draft_policy.h"

#include "gtest/gtest.h"

namespace hone {
namespace {

// Passes that cost `fixed` + `slope` × rows, and guesses of which a share is right.
DraftPolicy Observed(double fixed, double slope, double share) {
  DraftPolicy policy;
  for (int i = 0; i < 200; ++i) {
    const int rows = 1 + i % 8;
    policy.ObservePass(rows, fixed + slope * rows);
    policy.ObserveGuess(i % 100 < 100 * share);
  }
  return policy;
}

TEST(DraftPolicyTest, GuessesNothingBeforeItKnows) {
  DraftPolicy policy;
  EXPECT_EQ(policy.Length(1, 1), 0);
  for (int i = 0; i < 10; ++i) policy.ObserveGuess(true);
  policy.ObservePass(1, 1);
  EXPECT_EQ(policy.Length(1, 1), 0);
}

TEST(DraftPolicyTest, GuessesWhereRowsCostLittleAndGuessesAreRight) {
  const DraftPolicy cheap = Observed(1.0, 0.01, 0.9);
  EXPECT_EQ(cheap.Length(1, 1), DraftPolicy::kMaxDraft);
  EXPECT_EQ(cheap.Length(1, 0), 0);
  // Fewer are right: shorter.
  const int half = Observed(1.0, 0.05, 0.5).Length(1, 1);
  EXPECT_GT(half, 0);
  EXPECT_LT(half, DraftPolicy::kMaxDraft);
}

TEST(DraftPolicyTest, DoesNotWhereItIsSlower) {
  EXPECT_EQ(Observed(1.0, 0.01, 0.02).Length(1, 1), 0);    // seldom right
  EXPECT_EQ(Observed(0.0, 1.0, 0.9).Length(1, 1), 0);      // each row costs as much as the first
  EXPECT_EQ(Observed(1.0, 0.1, 0.5).Length(200, 200), 0);  // the batch is large: rows decide
}

TEST(DraftPolicyTest, PassesOfOneSizeSayNothingOfWhatRowsCost) {
  DraftPolicy policy;
  for (int i = 0; i < 100; ++i) {
    policy.ObservePass(4, 1.0);
    policy.ObserveGuess(true);
  }
  EXPECT_EQ(policy.Length(4, 4), 0);
}

}  // namespace
}  // namespace hone
