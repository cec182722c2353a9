#include "report/reflection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hone {
namespace {

RolloutRecord Sample(const std::string& completion, const std::string& outcome,
                     const std::string& finish_reason = "stop") {
  RolloutRecord record;
  record.completion = completion;
  record.outcome = outcome;
  record.finish_reason = finish_reason;
  return record;
}

TEST(ClassifyLine, GoesByTheMarkAfterADigit) {
  EXPECT_EQ(ClassifyLine("3*5=15,15-8=7~24x"), LineKind::kFailedTry);
  EXPECT_EQ(ClassifyLine("8-5=3,3*8=24~24!"), LineKind::kSuccessfulTry);
  EXPECT_EQ(ClassifyLine("8-5=3~24x \r"), LineKind::kFailedTry);
  EXPECT_EQ(ClassifyLine("I found it!"), LineKind::kText);
  EXPECT_EQ(ClassifyLine("a matrix"), LineKind::kText);
  EXPECT_EQ(ClassifyLine("x"), LineKind::kText);
  EXPECT_EQ(ClassifyLine(""), LineKind::kText);
}

TEST(TraceSearch, ACorrectionIsASuccessAfterAFailure) {
  const SearchTrace corrected = TraceSearch("\n1+1=2~3x\n1+2=3~3!\n</think>");
  EXPECT_EQ(corrected.failed_tries, 1);
  EXPECT_EQ(corrected.successful_tries, 1);
  EXPECT_TRUE(corrected.corrected);
  EXPECT_FALSE(TraceSearch("1+2=3~3!\n1+1=2~3x").corrected);
}

TEST(CountReflection, CountsSamples) {
  const std::vector<RolloutRecord> records = {
      Sample("1~3x\n2~3x\n3~3!\n</think>", "correct"),  // corrects itself
      Sample("3~3!\n</think>", "correct"),              // at once
      Sample("1~3x\n4~3!\n</think>", "incorrect"),      // claims a success
      Sample("1~3x\n</think>", "incorrect"),            // gives up
      Sample("1~3x\n2~3x", "unparseable", "length"),    // is cut off, so did not give up
      Sample("no tries", "incorrect")};
  const ReflectionStats stats = CountReflection(records);
  EXPECT_EQ(stats.samples, 6);
  EXPECT_EQ(stats.tries, 9);
  EXPECT_EQ(stats.self_corrections, 1);
  EXPECT_EQ(stats.false_claims, 1);
  EXPECT_EQ(stats.given_up, 1);
  EXPECT_DOUBLE_EQ(stats.TriesPerSample(), 1.5);
  EXPECT_EQ(CountReflection({}).TriesPerSample(), 0);
}

}  // namespace
}  // namespace hone
