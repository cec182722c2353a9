#include "reward/regex.h"

#include <ctime>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

Outcome Judge(absl::string_view completion, const RegexSpec& spec, absl::string_view answer = "") {
  const auto verifier = MakeRegexVerifier(spec);
  EXPECT_TRUE(verifier.ok()) << verifier.status();
  return (*verifier)->Judge("", completion, answer).outcome;
}

TEST(Regex, MatchesAllOfTheFinalAnswer) {
  const RegexSpec spec = {.pattern = "[0-9]{2}|none"};
  EXPECT_EQ(Judge("1234</think> <answer> 42 </answer>", spec), Outcome::kCorrect);
  EXPECT_EQ(Judge("none", spec), Outcome::kCorrect);
  EXPECT_EQ(Judge("<answer>421</answer>", spec), Outcome::kIncorrect);
  EXPECT_EQ(Judge("<answer>42\n</answer>", spec), Outcome::kCorrect);
  EXPECT_EQ(Judge("<answer>NONE</answer>", spec), Outcome::kIncorrect);
  EXPECT_EQ(Judge("<answer>NONE</answer>", {.pattern = "none", .ignore_case = true}),
            Outcome::kCorrect);
}

TEST(Regex, SearchesTheCompletion) {
  const RegexSpec spec = {
      .pattern = "(?s)<plan>.+</plan>.*<answer>", .text = "completion", .match = "search"};
  EXPECT_EQ(Judge("<plan>a\nb</plan>\n<answer>1</answer>", spec), Outcome::kCorrect);
  EXPECT_EQ(Judge("<answer>1</answer><plan>a</plan>", spec), Outcome::kIncorrect);
}

TEST(Regex, AProblemMayBringItsOwn) {
  EXPECT_EQ(Judge("#### colour", {}, "colou?r"), Outcome::kCorrect);
  EXPECT_EQ(Judge("#### cooler", {}, "colou?r"), Outcome::kIncorrect);
  EXPECT_EQ(Judge("#### a", {}, "("), Outcome::kError);
  EXPECT_EQ(Judge("#### a", {}, " "), Outcome::kError);
  EXPECT_EQ(Judge("#### a", {}, std::string(5000, 'a')), Outcome::kError);
  EXPECT_EQ(Judge("#### a", {}, "((a{1000}){1000}){1000}"), Outcome::kError);
}

TEST(Regex, ABadPatternIsToldAtOnce) {
  const Status status = MakeRegexVerifier({.pattern = "a(b"}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("a(b"));
  EXPECT_THAT(status.message(), HasSubstr("missing"));
  EXPECT_FALSE(MakeRegexVerifier({.pattern = "(?=ahead)"}).ok());  // RE2 has none
}

TEST(Regex, IsLinearInTheText) {
  const std::string text(1 << 19, 'a');
  const std::clock_t begin = std::clock();
  EXPECT_EQ(Judge(text, {.pattern = "(a*)*b"}), Outcome::kIncorrect);
  EXPECT_EQ(Judge(text, {.pattern = "(x+x+)+y|.*a.*a.*b", .match = "search"}), Outcome::kIncorrect);
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 10);
  EXPECT_EQ(Judge(text + text + "a", {.pattern = "a*"}), Outcome::kIncorrect);
}

TEST(Regex, NothingSaidIsUnparseable) {
  EXPECT_EQ(Judge("", {.pattern = ".*"}), Outcome::kUnparseable);
  EXPECT_EQ(Judge("so</think> ", {.pattern = ".*"}), Outcome::kUnparseable);
  EXPECT_EQ(Judge(std::string("\0\xff", 2), {.pattern = "x"}), Outcome::kIncorrect);
}

}  // namespace
}  // namespace hone
