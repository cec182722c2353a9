#include "report/format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hone {
namespace {

TEST(EscapeHtml, LeavesNoMarkupAndNoBrokenBytes) {
  EXPECT_EQ(EscapeHtml("<think> & \"it's\""), "&lt;think&gt; &amp; &quot;it&#39;s&quot;");
  EXPECT_EQ(EscapeHtml("a\tb\n"), "a\tb\n");
  EXPECT_EQ(EscapeHtml(absl::string_view("a\0\x1b\x7f", 4)), "a\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(EscapeHtml("\xff é"), "\uFFFD é");
}

TEST(Clip, CutsBetweenCharacters) {
  EXPECT_EQ(Clip("abc", 3), "abc");
  EXPECT_EQ(Clip("aéé", 4), "aé");
  EXPECT_EQ(Clip("é", 1), "");
}

TEST(FormatValue, ThreeDigits) {
  EXPECT_EQ(FormatValue(0, Unit::kNumber), "0");
  EXPECT_EQ(FormatValue(0.4123, Unit::kNumber), "0.412");
  EXPECT_EQ(FormatValue(-0.05, Unit::kNumber), "−0.05");
  EXPECT_EQ(FormatValue(96.44, Unit::kNumber), "96.4");
  EXPECT_EQ(FormatValue(9999, Unit::kNumber), "9999");
  EXPECT_EQ(FormatValue(12345, Unit::kNumber), "12.3k");
  EXPECT_EQ(FormatValue(3e-4, Unit::kNumber), "3e−4");
  EXPECT_EQ(FormatValue(9.99e-5, Unit::kNumber), "1e−4");
  EXPECT_EQ(FormatValue(1e300, Unit::kNumber), "1e300");
  EXPECT_EQ(FormatValue(0.2711, Unit::kPercent), "27.1%");
  EXPECT_EQ(FormatValue(std::nan(""), Unit::kPercent), "–");
  EXPECT_EQ(FormatValue(std::numeric_limits<double>::infinity(), Unit::kNumber), "–");
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(31744), "31,744");
  EXPECT_EQ(FormatCount(-1234567), "−1,234,567");
}

TEST(FormatShort, HasAUnit) {
  EXPECT_EQ(FormatShort(950), "950");
  EXPECT_EQ(FormatShort(12345), "12.3k");
  EXPECT_EQ(FormatShort(4.56e6), "4.56M");
  EXPECT_EQ(FormatShort(2e9), "2G");
}

TEST(FormatDuration, ShowsWhatMatters) {
  EXPECT_EQ(FormatDuration(0), "0 s");
  EXPECT_EQ(FormatDuration(0.42), "0.42 s");
  EXPECT_EQ(FormatDuration(4.2), "4.2 s");
  EXPECT_EQ(FormatDuration(42), "42 s");
  EXPECT_EQ(FormatDuration(250), "4 min 10 s");
  EXPECT_EQ(FormatDuration(7500), "2 h 05 min");
}

}  // namespace
}  // namespace hone
