#include "reward/repetition.h"

#include <ctime>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

Verdict Judge(absl::string_view completion, int ngram) {
  return MakeRepetitionVerifier({.ngram = ngram})->Judge("", completion, "");
}

TEST(Repetition, CountsRunsThatStoodThereBefore) {
  EXPECT_EQ(Judge("a b c d", 2).reward, 0);
  EXPECT_EQ(Judge("a b c d", 2).outcome, Outcome::kCorrect);
  // ab ba ab: one of three
  EXPECT_NEAR(Judge("a b a b", 2).reward, -1.0 / 3, 1e-12);
  EXPECT_EQ(Judge("a b a b", 2).outcome, Outcome::kIncorrect);
  EXPECT_EQ(Judge("a b a b", 3).reward, 0);
  EXPECT_NEAR(Judge("x x x x x", 1).reward, -0.8, 1e-12);
  EXPECT_EQ(Judge("a b", 3).reward, 0);
  EXPECT_EQ(Judge("", 1).reward, 0);
}

TEST(Repetition, SeesItWithoutSpacesToo) {
  for (const char* part : {"ha ", "0", "=-", "好", "abcdefgh", "\xff", "So it is. "}) {
    std::string text;
    for (int i = 0; i < 500; ++i) text += part;
    EXPECT_LT(Judge(text, 20).reward, -0.6) << part;
  }
}

TEST(Repetition, WhatIsDifferentCostsNothing) {
  std::string text;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "Step ", i, ": we add ", i * i, ".\n");
  EXPECT_EQ(Judge(text, 20).reward, 0);
  EXPECT_LT(Judge(text, 2).reward, -0.5);
}

TEST(Repetition, HugeTextsAreJudgedAtOnce) {
  std::string text;
  while (text.size() < 1 << 22) text += "a 1";
  const std::clock_t begin = std::clock();
  EXPECT_LT(Judge(text, 1000).reward, -0.99);
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 5);
}

}  // namespace
}  // namespace hone
