#include "reward/code/same_output.h"

#include <string>

#include "gtest/gtest.h"

namespace hone {
namespace {

constexpr double kTolerance = 1e-6;

TEST(SameOutput, WhiteSpaceDoesNotMatter) {
  for (const char* got : {"1 2\n3", "1 2\n3\n", "\n1  2 \n 3\n\n", "1\t2\r\n3\r\n"}) {
    EXPECT_TRUE(SameOutput(got, "1 2\n3\n", kTolerance)) << got;
  }
  EXPECT_TRUE(SameOutput("", "\n", kTolerance));
}

TEST(SameOutput, LinesAndWordsDo) {
  for (const char* got : {"1 2 3", "1\n2\n3", "12\n3", "1 2\n3\n4", "1 2", "1 2\n", "", "1 2\n\n3",
                          "1 2\n3 3", "2 1\n3"}) {
    EXPECT_FALSE(SameOutput(got, "1 2\n3\n", kTolerance)) << got;
  }
  EXPECT_FALSE(SameOutput("yes", "YES", kTolerance));
  EXPECT_FALSE(SameOutput("YES NO", "YES", kTolerance));
  EXPECT_FALSE(SameOutput(std::string("1\0", 2), "1", kTolerance));
}

TEST(SameOutput, WholeNumbersAreText) {
  for (const char* got : {"101.0", "0101", "+101", "1.01e2", "101.0000001"}) {
    EXPECT_FALSE(SameOutput(got, "101", kTolerance)) << got;
  }
  EXPECT_FALSE(SameOutput("1180591620717411303425", "1180591620717411303424", kTolerance));
}

TEST(SameOutput, DecimalsHaveATolerance) {
  for (const char* got : {"0.5", "0.500", ".5", "0.5000004", "5e-1", "+0.50"}) {
    EXPECT_TRUE(SameOutput(got, "0.50", kTolerance)) << got;
  }
  for (const char* got : {"0.50001", "nan", "inf", "0x0.8p0", "0.5.0", "0,5", "0.5a", ""}) {
    EXPECT_FALSE(SameOutput(got, "0.50", kTolerance)) << got;
  }
  EXPECT_TRUE(SameOutput("1", "1.0", kTolerance));
  EXPECT_TRUE(SameOutput("100000.05", "100000.0", kTolerance));
  EXPECT_FALSE(SameOutput("0.500", "0.5000001", 0));
  EXPECT_FALSE(SameOutput("nan", "0.0", kTolerance));
  EXPECT_FALSE(SameOutput("1e999", "1.0", kTolerance));
  EXPECT_FALSE(SameOutput("version", "1.2.3", kTolerance));
}

TEST(SameOutput, LongOutputIsQuick) {
  const std::string many(1 << 22, ' '), lines(1 << 22, '\n');
  EXPECT_TRUE(SameOutput("1" + many + "2", "1 2", kTolerance));
  EXPECT_FALSE(SameOutput("1" + lines + "2", "1\n2", kTolerance));
}

}  // namespace
}  // namespace hone
