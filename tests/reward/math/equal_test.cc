#include "reward/math/equal.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "reward/math/parser.h"

namespace hone::math {
namespace {

class EqualTest : public testing::Test {
 protected:
  EqualTest() : budget_(100'000'000), arena_(&budget_), equality_(&arena_, /*seed=*/7) {}

  Ref Read(absl::string_view text) { return Parse(text, Comma::kThousands, &arena_); }
  bool Same(absl::string_view a, absl::string_view b) {
    return equality_.SameValue(Read(a), Read(b));
  }

  Budget budget_;
  Arena arena_;
  Equality equality_;
};

TEST_F(EqualTest, FractionsAreExact) {
  EXPECT_TRUE(Same("1/3+1/6", "1/2"));
  EXPECT_FALSE(Same("10^{-1000}", "0"));
  EXPECT_FALSE(Same("10^{400}+1", "10^{400}"));
  EXPECT_TRUE(Same("\\sqrt{16/9}", "4/3"));
  EXPECT_TRUE(Same("8^{2/3}", "4"));
}

TEST_F(EqualTest, BallsTellCloseNumbersApart) {
  EXPECT_TRUE(Same("\\sqrt{2}+\\sqrt{3}", "\\sqrt{5+2\\sqrt{6}}"));
  EXPECT_FALSE(Same("\\sqrt{2}", "\\sqrt{2}+10^{-40}"));
  EXPECT_FALSE(Same("\\sqrt{2}", "\\sqrt{2}+10^{-200}"));
  EXPECT_FALSE(Same("e^{\\pi\\sqrt{163}}", "262537412640768744"));
  EXPECT_TRUE(Same("\\sin\\pi", "0"));
  EXPECT_TRUE(Same("e^{i\\pi}", "-1"));
  EXPECT_TRUE(Same("\\frac{1}{2}\\ln 4", "\\ln 2"));
}

TEST_F(EqualTest, VariablesAreTriedAtSeveralPoints) {
  EXPECT_TRUE(Same("(x+1)^2", "x^2+2x+1"));
  EXPECT_FALSE(Same("(x+1)^2", "x^2+2x+1+10^{-30}"));
  EXPECT_TRUE(Same("\\sqrt{x^2}", "|x|"));
  EXPECT_FALSE(Same("\\sqrt{x^2}", "x"));
  EXPECT_TRUE(Same("\\ln(x^2)", "2\\ln x"));
  EXPECT_FALSE(Same("(-1)^n", "1"));
  EXPECT_TRUE(Same("\\arcsin x+\\arccos x", "\\frac{\\pi}{2}"));
}

TEST_F(EqualTest, WhatHasNoValueEqualsNothing) {
  EXPECT_FALSE(Same("\\frac{1}{0}", "\\frac{1}{0}"));
  EXPECT_FALSE(Same("\\frac{1}{\\sin\\pi}", "\\frac{1}{\\sin\\pi}"));
  EXPECT_FALSE(Same("9^{9^{9^9}}", "9^{9^{9^9}}"));
}

TEST_F(EqualTest, DecimalsStandForWhatRoundsToThem) {
  EXPECT_TRUE(Same("1/3", "0.3333"));
  EXPECT_FALSE(Same("1/3", "0.333"));
  EXPECT_FALSE(Same("2/3", "0.6666"));
  EXPECT_FALSE(Same("33/32", "1.031"));
  EXPECT_FALSE(Same("1.4142", "1.41421"));
  EXPECT_TRUE(Same("\\sqrt{17}", "4.123105625617661"));
}

TEST_F(EqualTest, ProportionalByOneConstant) {
  EXPECT_TRUE(equality_.Proportional(Read("2x+4y-6"), Read("x+2y-3"), /*positive=*/true));
  EXPECT_TRUE(equality_.Proportional(Read("3-x"), Read("x-3"), /*positive=*/false));
  EXPECT_FALSE(equality_.Proportional(Read("3-x"), Read("x-3"), /*positive=*/true));
  EXPECT_FALSE(equality_.Proportional(Read("x^2-9"), Read("x-3"), /*positive=*/false));
}

TEST_F(EqualTest, ComparesRealsAndInfinities) {
  EXPECT_EQ(equality_.Compare(Read("\\sqrt{2}"), Read("1.5")), -1);
  EXPECT_EQ(equality_.Compare(Read("-\\infty"), Read("-10^{100}")), -1);
  EXPECT_EQ(equality_.Compare(Read("\\pi"), Read("\\pi")), 0);
  EXPECT_EQ(equality_.Compare(Read("x"), Read("1")), std::nullopt);
  EXPECT_EQ(equality_.Compare(Read("i"), Read("1")), std::nullopt);
}

}  // namespace
}  // namespace hone::math
