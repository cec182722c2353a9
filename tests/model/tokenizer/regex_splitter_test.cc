#include "model/tokenizer/regex_splitter.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<absl::string_view> Split(absl::string_view pattern, absl::string_view text,
                                     bool only_matches = false) {
  const auto splitter = RegexSplitter::Compile(pattern);
  EXPECT_TRUE(splitter.ok()) << splitter.status();
  std::vector<absl::string_view> pieces;
  const Status status = splitter->Split(text, only_matches, &pieces);
  EXPECT_TRUE(status.ok()) << status;
  return pieces;
}

std::string Error(absl::string_view pattern) {
  return std::string(RegexSplitter::Compile(pattern).status().message());
}

TEST(RegexSplitter, KeepsWhatLiesBetween) {
  EXPECT_THAT(Split("\\d", "ab1c23d"), ElementsAre("ab", "1", "c", "2", "3", "d"));
  EXPECT_THAT(Split("\\d", "ab1c23d", true), ElementsAre("1", "2", "3"));
  EXPECT_THAT(Split("x", "ab"), ElementsAre("ab"));
}

TEST(RegexSplitter, MeansUnicode) {
  EXPECT_THAT(Split("\\p{L}+", "été3нет"), ElementsAre("été", "3", "нет"));
  // U+2003 is white space, U+180E is not.
  EXPECT_THAT(Split("\\s", "a\u2003b\u180Ec"), ElementsAre("a", "\u2003", "b\u180Ec"));
  EXPECT_THAT(Split("[^\\s]+", "a\u2003b\u180Ec"), ElementsAre("a", "\u2003", "b\u180Ec"));
}

TEST(RegexSplitter, RefusesWhatCouldMeanSomethingElse) {
  EXPECT_THAT(Error("a*"), HasSubstr("matches the empty string"));
  EXPECT_THAT(Error("\\w+"), HasSubstr("uses \\w"));
  EXPECT_THAT(Error("[a&&b]"), HasSubstr("nests"));
  EXPECT_THAT(Error("[a[b]]"), HasSubstr("nests"));
  EXPECT_THAT(Error("[]a]"), HasSubstr("unescaped ]"));
  EXPECT_THAT(Error("(a"), HasSubstr("(a"));
  EXPECT_THAT(Error("a\\"), HasSubstr("backslash"));
  EXPECT_THAT(Error("\\p{Nonsense}"), HasSubstr("Nonsense"));
}

TEST(RegexSplitter, ARunawayPatternEndsInAnError) {
  const auto splitter = RegexSplitter::Compile("(a|aa)+[bc]");
  ASSERT_TRUE(splitter.ok());
  std::vector<absl::string_view> pieces;
  const Status status = splitter->Split(std::string(200, 'a'), false, &pieces);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

}  // namespace
}  // namespace hone
