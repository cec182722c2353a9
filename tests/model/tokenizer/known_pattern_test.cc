#include "model/tokenizer/known_pattern.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/philox.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/tokenizer/regex_splitter.h"

namespace hone {
namespace {

using ::testing::ElementsAre;

constexpr absl::string_view kPatterns[] = {
    kGpt2Pattern,           kQwen2Pattern,           kLlama3Pattern,
    kDeepSeekDigitsPattern, kDeepSeekHanKanaPattern, kDeepSeekWordsPattern};

std::vector<absl::string_view> Split(absl::string_view pattern, absl::string_view text,
                                     bool only_matches = false) {
  std::vector<absl::string_view> pieces;
  SplitByKnownPattern(RecognizePattern(pattern).value(), text, only_matches, &pieces);
  return pieces;
}

TEST(KnownPattern, SplitsAsTheModelsDo) {
  EXPECT_THAT(Split(kGpt2Pattern, "I've  1234 of\n 'em!"),
              ElementsAre("I", "'ve", " ", " 1234", " of", "\n", " '", "em", "!"));
  EXPECT_THAT(Split(kQwen2Pattern, "I'VE  12 of\n\n 'em!\n"),
              ElementsAre("I", "'VE", " ", " ", "1", "2", " of", "\n\n", " '", "em", "!\n"));
  EXPECT_THAT(Split(kLlama3Pattern, "x=12345;\t\tfoo   "),
              ElementsAre("x", "=", "123", "45", ";", "\t", "\tfoo", "   "));
  EXPECT_THAT(Split(kDeepSeekDigitsPattern, "a12345b"), ElementsAre("a", "123", "45", "b"));
  EXPECT_THAT(Split(kDeepSeekDigitsPattern, "a12345b", true), ElementsAre("123", "45"));
  EXPECT_THAT(Split(kDeepSeekHanKanaPattern, "ab中かカ龦c"), ElementsAre("ab", "中かカ", "龦c"));
  EXPECT_THAT(Split(kDeepSeekWordsPattern, "_abc 1é e\u0301 ...\n"),
              ElementsAre("_abc", " ", "1é", " e\u0301", " ...\n"));
}

TEST(KnownPattern, RecognizesNothingElse) {
  EXPECT_FALSE(RecognizePattern("\\p{N}").has_value());
  EXPECT_FALSE(RecognizePattern("").has_value());
}

// Characters of every class and every exception in the patterns, all known to PCRE2.
constexpr absl::string_view kCharacters[] = {
    "a", "B",  "s",  "S",  "t",      "r",      "e",      "v",      "m",    "l",      "d",
    "é", "ſ",  "中", "か", "ー",     "龥",     "0",      "7",      "½",    "٣",      "'",
    "'", "!",  "_",  "[",  "\\",     "-",      "—",      "€",      "+",    "😀",      " ",
    " ", "\n", "\r", "\t", "\u00a0", "\u3000", "\u0301", "\u0bcd", "\x01", "\u200d", "\ufffd"};

TEST(KnownPattern, EqualsTheRegularExpression) {
  for (const absl::string_view pattern : kPatterns) {
    const auto engine = RegexSplitter::Compile(pattern);
    ASSERT_TRUE(engine.ok()) << engine.status();
    for (uint64_t i = 0; i < 20000; ++i) {
      Random random(/*seed=*/11, i);
      std::string text;
      for (uint64_t n = random.Below(14); n > 0; --n) {
        absl::StrAppend(&text, kCharacters[random.Below(std::size(kCharacters))]);
      }
      for (const bool only_matches : {false, true}) {
        std::vector<absl::string_view> expected;
        ASSERT_TRUE(engine->Split(text, only_matches, &expected).ok());
        ASSERT_EQ(Split(pattern, text, only_matches), expected) << pattern << " on " << text;
      }
    }
  }
}

}  // namespace
}  // namespace hone
