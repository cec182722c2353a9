#include "rollout/engine/draft_index.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int32_t> Propose(const DraftIndex& index, const std::vector<int32_t>& text, int max) {
  std::vector<int32_t> draft(max, -1);
  draft.resize(index.Propose(text, max, draft.data()));
  return draft;
}

TEST(DraftIndexTest, GuessesFromTheTextItself) {
  DraftIndex index;
  const std::vector<int32_t> text = {1, 2, 3, 4, 5, 1, 2, 3};
  index.Learn(0, text);
  EXPECT_THAT(Propose(index, text, 7), ElementsAre(4, 5, 1, 2, 3));
  EXPECT_THAT(Propose(index, text, 2), ElementsAre(4, 5));
  EXPECT_THAT(Propose(index, text, 0), IsEmpty());
  EXPECT_THAT(Propose(index, {9, 2, 3}, 7), IsEmpty());
  EXPECT_THAT(Propose(index, {2, 3}, 7), IsEmpty());
}

TEST(DraftIndexTest, GuessesFromOtherSamplesAndTheLatestPlace) {
  DraftIndex index;
  std::vector<int32_t> first = {7, 8, 9, 10, 11};
  index.Learn(3, first);
  EXPECT_THAT(Propose(index, {0, 7, 8, 9}, 4), ElementsAre(10, 11));
  index.Learn(0, std::vector<int32_t>{7, 8, 9, 20});
  EXPECT_THAT(Propose(index, {0, 7, 8, 9}, 4), ElementsAre(20));
  // What was learned is not learned again, what is new is.
  first.insert(first.end(), {12, 13});
  index.Learn(3, first);
  EXPECT_THAT(Propose(index, {0, 7, 8, 9}, 4), ElementsAre(20));
  EXPECT_THAT(Propose(index, {9, 10, 11}, 4), ElementsAre(12, 13));
}

TEST(DraftIndexTest, AShortTextGivesNothing) {
  DraftIndex index;
  index.Learn(0, std::vector<int32_t>{1, 2, 3});
  EXPECT_THAT(Propose(index, {1, 2, 3}, 4), IsEmpty());
}

}  // namespace
}  // namespace hone
