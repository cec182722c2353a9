#include "data/countdown_problems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace hone {
namespace {

CountdownSpec Spec(int num_numbers, int max_number, int min_target, int max_target) {
  CountdownSpec spec;
  spec.num_numbers = num_numbers;
  spec.max_number = max_number;
  spec.min_target = min_target;
  spec.max_target = max_target;
  return spec;
}

bool Has(const std::vector<CountdownProblem>& problems, std::array<uint8_t, 4> numbers,
         int target) {
  for (const CountdownProblem& problem : problems) {
    if (problem.numbers == numbers && problem.target == target) return true;
  }
  return false;
}

TEST(CountdownProblemsTest, TwoNumbersMatchAListMadeByHand) {
  const auto problems = SolvableCountdownProblems(Spec(2, 3, 1, 10)).value();
  std::set<std::pair<std::array<uint8_t, 4>, int>> found;
  for (const CountdownProblem& problem : problems) found.insert({problem.numbers, problem.target});
  const std::set<std::pair<std::array<uint8_t, 4>, int>> expected = {
      {{1, 1}, 1}, {{1, 1}, 2},               //
      {{1, 2}, 1}, {{1, 2}, 2}, {{1, 2}, 3},  //
      {{1, 3}, 2}, {{1, 3}, 3}, {{1, 3}, 4},  //
      {{2, 2}, 1}, {{2, 2}, 4},               //
      {{2, 3}, 1}, {{2, 3}, 5}, {{2, 3}, 6},  //
      {{3, 3}, 1}, {{3, 3}, 6}, {{3, 3}, 9}};
  EXPECT_EQ(found, expected);
  EXPECT_EQ(problems.size(), expected.size());
}

TEST(CountdownProblemsTest, UsesFractionsAndNegativesOnTheWay) {
  const auto problems = SolvableCountdownProblems(Spec(4, 8, 24, 24)).value();
  EXPECT_TRUE(Has(problems, {3, 3, 8, 8}, 24));  // 8/(3-8/3)
  EXPECT_TRUE(Has(problems, {1, 5, 5, 5}, 24));  // 5*(5-1/5)
  EXPECT_FALSE(Has(problems, {1, 1, 1, 1}, 24));
  EXPECT_FALSE(Has(problems, {1, 6, 7, 7}, 24));
}

TEST(CountdownProblemsTest, OfAllFourCardsOneTo13TheKnownShareMakes24) {
  // The count of the game "24": 1362 of the 1820 hands.
  EXPECT_EQ(SolvableCountdownProblems(Spec(4, 13, 24, 24)).value().size(), 1362u);
}

TEST(CountdownProblemsTest, KeysAreDistinct) {
  const auto problems = SolvableCountdownProblems(Spec(3, 9, 5, 30)).value();
  std::set<uint64_t> keys;
  for (const CountdownProblem& problem : problems) keys.insert(problem.Key());
  EXPECT_EQ(keys.size(), problems.size());
}

TEST(CountdownProblemsTest, BadRangesAreNamed) {
  const auto refused = [](const CountdownSpec& spec) {
    const Status status = SolvableCountdownProblems(spec).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    return std::string(status.message());
  };
  using testing::HasSubstr;
  EXPECT_THAT(refused(Spec(1, 9, 5, 30)), HasSubstr("num_numbers must be 2 to 4, is 1"));
  EXPECT_THAT(refused(Spec(5, 9, 5, 30)), HasSubstr("num_numbers"));
  EXPECT_THAT(refused(Spec(3, 0, 5, 30)), HasSubstr("max_number"));
  EXPECT_THAT(refused(Spec(3, 9, 0, 30)), HasSubstr("min_target"));
  EXPECT_THAT(refused(Spec(3, 9, 9, 8)), HasSubstr("max_target must be 9 to"));
  EXPECT_THAT(refused(Spec(4, 100, 1, 100)), HasSubstr("4421275 sets"));
}

}  // namespace
}  // namespace hone
