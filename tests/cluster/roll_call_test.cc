#include "cluster/roll_call.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

const Statement kAtWork;

TEST(RollCall, BlamesWhoSaysNothing) {
  EXPECT_EQ(DescribeAbsence(2, {"barrier no. 4", {0}}, {}, " within 3 s"),
            "rank 0 has not arrived within 3 s");
  EXPECT_EQ(DescribeAbsence(2, {"barrier no. 4", {0, 1}}, {}, ""), "ranks 0, 1 have not arrived");
}

TEST(RollCall, FollowsWaitsToTheirRoot) {
  // Rank 2 had its share of no. 25 from rank 0, and is an operation ahead of rank 1.
  EXPECT_EQ(DescribeAbsence(2, {"all-gather no. 26", {0, 1}}, {{1, {"all-gather no. 25", {0}}}},
                            " within 3 s"),
            "rank 0 has not arrived within 3 s; rank 1 waits for rank 0 in all-gather no. 25");
  // The root is nobody that rank 2 waits for itself.
  EXPECT_EQ(
      DescribeAbsence(2, {"c no. 1", {1}},
                      {{1, {"b no. 1", {0}}}, {0, {"a no. 1", {3, 4}}}, {5, {"d no. 1", {6}}}}, ""),
      "ranks 3, 4 have not arrived; rank 1 waits for rank 0 in b no. 1; rank 0 waits for "
      "ranks 3, 4 in a no. 1");
}

TEST(RollCall, SaysWhoIsAtWork) {
  EXPECT_EQ(DescribeAbsence(0, {"barrier no. 4", {1, 2}}, {{2, kAtWork}}, ""),
            "ranks 1, 2 have not arrived; rank 2 is at work");
}

// As on devices, where nobody knows whom it misses.
TEST(RollCall, CountsWhoIsInTheSameOperation) {
  const std::map<int, Statement> heard = {{1, {"barrier no. 4", {0, 2}}}};
  EXPECT_EQ(DescribeAbsence(0, {"barrier no. 4", {1, 2}}, heard, ""), "rank 2 has not arrived");
  EXPECT_EQ(
      DescribeAbsence(0, {"barrier no. 4", {1}}, {{1, {"barrier no. 4", {0}}}}, " within 3 s"),
      "not done within 3 s, but all ranks are in it");
  EXPECT_EQ(DescribeAbsence(0, {"barrier no. 4", {}}, {}, ""), "not done, but all ranks are in it");
}

TEST(RollCall, TellsOfRanksThatWaitForOneAnother) {
  const std::map<int, Statement> heard = {{1, {"barrier no. 4", {0, 2}}},
                                          {2, {"broadcast no. 4", {0, 1}}}};
  EXPECT_EQ(DescribeAbsence(0, {"barrier no. 4", {1, 2}}, heard, ""),
            "rank 2 has not arrived; rank 2 waits for ranks 0, 1 in broadcast no. 4");
}

TEST(RollCall, IsBriefWithManyRanks) {
  Statement own = {"b no. 26", {}};
  std::map<int, Statement> heard;
  for (int rank = 0; rank < 100; ++rank) {
    own.waits_for.push_back(rank);
    if (rank > 0) heard[rank] = {"b no. 25", {0}};
  }
  const std::string text = DescribeAbsence(100, own, heard, "");
  EXPECT_THAT(text, StartsWith("rank 0 has not arrived; rank 1 waits for rank 0 in b no. 25; "));
  EXPECT_THAT(text, EndsWith("; and 96 more"));
}

TEST(RollCall, StatementsTravelAsBytes) {
  for (const Statement& statement : {kAtWork, Statement{"all-gather no. 3 of a\nb (c)", {0, 12}}}) {
    EXPECT_EQ(DecodeStatement(Encode(statement)), statement);
  }
  EXPECT_EQ(DecodeStatement(""), kAtWork);
  EXPECT_EQ(DecodeStatement("1 x\nbarrier"), kAtWork);
}

TEST(RollCall, StatementsAreBounded) {
  Statement statement = {std::string(5000, 'x'), {}};
  for (int rank = 0; rank < 5000; ++rank) statement.waits_for.push_back(rank);
  const std::string bytes = Encode(statement);
  EXPECT_LE(bytes.size(), kStatementBytes);
  const Statement decoded = DecodeStatement(bytes);
  EXPECT_THAT(decoded.operation, StartsWith("xxx"));
  ASSERT_GT(decoded.waits_for.size(), 100);
  for (int i = 0; i < static_cast<int>(decoded.waits_for.size()); ++i) {
    EXPECT_EQ(decoded.waits_for[i], i) << "a rank that was cut in two";
  }
}

}  // namespace
}  // namespace hone
