#include "data/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hone {
namespace {

TEST(RecordsTest, NamesReadBack) {
  for (FinishReason reason : {FinishReason::kStop, FinishReason::kLength}) {
    EXPECT_EQ(ParseFinishReason(Name(reason)).value(), reason);
  }
  for (Outcome outcome : {Outcome::kCorrect, Outcome::kIncorrect, Outcome::kUnparseable,
                          Outcome::kTimeout, Outcome::kError}) {
    EXPECT_EQ(ParseOutcome(Name(outcome)).value(), outcome);
  }
}

TEST(RecordsTest, NamesAreTheDocumentedOnes) {
  EXPECT_EQ(Name(FinishReason::kStop), "stop");
  EXPECT_EQ(Name(FinishReason::kLength), "length");
  EXPECT_EQ(Name(Outcome::kCorrect), "correct");
  EXPECT_EQ(Name(Outcome::kIncorrect), "incorrect");
  EXPECT_EQ(Name(Outcome::kUnparseable), "unparseable");
  EXPECT_EQ(Name(Outcome::kTimeout), "timeout");
  EXPECT_EQ(Name(Outcome::kError), "error");
}

TEST(RecordsTest, UnknownNameListsTheKnownOnes) {
  const Status status = ParseOutcome("Correct").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), testing::HasSubstr("correct, incorrect, unparseable"));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseFinishReason("").status()));
}

}  // namespace
}  // namespace hone
