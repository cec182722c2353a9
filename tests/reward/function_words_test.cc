#include "reward/function_words.h"

#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(FunctionWords, KnowsTheLanguagesOfAWord) {
  EXPECT_EQ(LanguagesOfWord("the"), LanguageBit("en"));
  EXPECT_EQ(LanguagesOfWord("för"), LanguageBit("sv"));
  EXPECT_NE(LanguagesOfWord("de") & LanguageBit("fr"), 0u);
  EXPECT_NE(LanguagesOfWord("de") & LanguageBit("nl"), 0u);
  EXPECT_EQ(LanguagesOfWord("de") & LanguageBit("en"), 0u);
  EXPECT_EQ(LanguagesOfWord("triangle"), 0u);
  EXPECT_EQ(LanguagesOfWord(""), 0u);
}

TEST(FunctionWords, HasABitForEachLanguageInTheLatinScript) {
  Languages all = 0;
  int count = 0;
  for (const char* code : {"cs", "da", "de", "en", "es", "fi", "fr", "id", "it", "nl", "pl", "pt",
                           "ro", "sv", "tr", "vi"}) {
    const Languages bit = LanguageBit(code);
    EXPECT_NE(bit, 0u) << code;
    EXPECT_EQ(all & bit, 0u) << code;
    all |= bit;
    ++count;
  }
  EXPECT_EQ(count, kNumLanguages);
  EXPECT_EQ(all, (Languages{1} << kNumLanguages) - 1);
  EXPECT_EQ(LanguageBit("zh"), 0u);
}

}  // namespace
}  // namespace hone
