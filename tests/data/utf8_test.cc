#include "data/utf8.h"

#include <gtest/gtest.h>

namespace hone {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";

TEST(Utf8Test, KeepsValidText) {
  for (const char* text : {"", "abc\n", "é", "€", "𝄞", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"}) {
    EXPECT_EQ(ToValidUtf8(text), text);
  }
}

TEST(Utf8Test, CountsCharacters) {
  EXPECT_EQ(CountCharacters(""), 0);
  EXPECT_EQ(CountCharacters("abc\n"), 4);
  EXPECT_EQ(CountCharacters("é€𝄞"), 3);
  EXPECT_EQ(CountCharacters("a\xE2\x82"), 2);  // a cut one counts
}

TEST(Utf8Test, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(ToValidUtf8("a\x80z"), std::string("a") + kReplacement + "z");
  EXPECT_EQ(ToValidUtf8("\xE2\x82"), std::string(kReplacement) + kReplacement);  // cut "€"
  EXPECT_EQ(ToValidUtf8("\xC3(").substr(3), "(");
  for (const char* text : {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF",
                           "\xF4\x90\x80\x80", "\xFF"}) {
    std::string expected;
    for (const char* c = text; *c != 0; ++c) expected += kReplacement;
    EXPECT_EQ(ToValidUtf8(text), expected);
  }
}

}  // namespace
}  // namespace hone
