#include "config/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(const std::string& text) {
  const auto tree = ParseYaml(text, YamlSource{"f.yaml", {}}, -1);
  if (tree.ok()) return "OK";
  EXPECT_TRUE(absl::IsInvalidArgument(tree.status()));
  return std::string(tree.status().message());
}

TEST(ParseYaml, BuildsTheTreeWithPlaces) {
  const auto tree = ParseYaml("a: 1\nb:\n  - x: \"2\"\n  -\n", YamlSource{"f.yaml", {}}, -1);
  ASSERT_TRUE(tree.ok()) << tree.status();
  const YamlNode* a = tree->Find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->text, "1");
  EXPECT_FALSE(a->quoted);
  const YamlNode* b = tree->Find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->place.line, 2);
  EXPECT_EQ(b->place.column, 1);
  ASSERT_EQ(b->items.size(), 2u);
  EXPECT_TRUE(b->items[1].is_null());
  const YamlNode* x = b->items[0].Find("x");
  ASSERT_NE(x, nullptr);
  EXPECT_TRUE(x->quoted);
  EXPECT_EQ(x->place.line, 3);
  EXPECT_EQ(x->place.column, 5);
  EXPECT_EQ(tree->Find("c"), nullptr);
}

TEST(ParseYaml, EmptyTextIsANullNode) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "\xef\xbb\xbf"}) {
    const auto tree = ParseYaml(text, YamlSource{"f.yaml", {}}, -1);
    ASSERT_TRUE(tree.ok()) << tree.status();
    EXPECT_TRUE(tree->is_null()) << text;
  }
}

TEST(ParseYaml, SyntaxErrorsHaveTheirPlace) {
  EXPECT_THAT(ErrorOf("a: 1\n  b: 2\n"), StartsWith("f.yaml:2:4: "));
  EXPECT_THAT(ErrorOf("a: 1\n\tb: 2\n"), StartsWith("f.yaml:2:1: illegal tab"));
  EXPECT_THAT(ErrorOf("a: @x\n"), StartsWith("f.yaml:1:4: "));
  EXPECT_THAT(ErrorOf("a: 1\nb: [1, {c: 2}\n"), HasSubstr("from line 2, column 4"));
  EXPECT_THAT(ErrorOf("a: {b: 1 \"c\": 2}"), StartsWith("f.yaml:1:13: a `,`"));
  EXPECT_THAT(ErrorOf("a:\n  b: 1\n c: 2\n"), HasSubstr("indentation"));
  EXPECT_THAT(ErrorOf("a: \"xyz\nb: 2"), StartsWith("f.yaml:2:"));
}

TEST(ParseYaml, RefusesWhatHasTwoReadings) {
  EXPECT_EQ(ErrorOf("a: 1\nb: 2\na: 3\n"),
            "f.yaml:3:1: the key `a` is here twice, first in line 1");
  EXPECT_THAT(ErrorOf("a: !!int \"5\"\n"), HasSubstr("tag"));
  EXPECT_THAT(ErrorOf("a: 1\n---\na: 2\n"), HasSubstr("second document"));
  EXPECT_THAT(ErrorOf("[a]: 1\n"), StartsWith("f.yaml:1:1: a key must be a word"));
  EXPECT_THAT(ErrorOf("{a: 1}: 1\n"), HasSubstr("a key must be a word"));
  EXPECT_THAT(ErrorOf("? \n: 1\n"), HasSubstr("a key must be a word"));
}

TEST(ParseYaml, RefusesAnchorsAndAliases) {
  EXPECT_THAT(ErrorOf("a: &x [1]\nb: *x\n"), StartsWith("f.yaml:1:4: anchors and aliases"));
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i)
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1, "]\n");
  EXPECT_THAT(ErrorOf(bomb), HasSubstr("anchors and aliases"));
}

TEST(ParseYaml, BoundsDepthAndSize) {
  EXPECT_EQ(ErrorOf(std::string(64, '[') + std::string(64, ']')), "OK");
  EXPECT_THAT(ErrorOf(std::string(65, '[') + std::string(65, ']')), HasSubstr("too deeply"));
  EXPECT_THAT(ErrorOf(std::string(500000, '[') + std::string(500000, ']')),
              HasSubstr("too deeply"));
  EXPECT_NE(ErrorOf(std::string(1000000, '[')), "OK");
  std::string dashes, maps;
  for (int i = 0; i < 300000; ++i) dashes += "- ";
  EXPECT_THAT(ErrorOf(dashes), HasSubstr("too deeply"));
  for (int i = 0; i < 200000; ++i) maps += "{a: ";
  EXPECT_THAT(ErrorOf(maps + std::string(200000, '}')), HasSubstr("too deeply"));
  EXPECT_THAT(ErrorOf(std::string(kMaxYamlBytes + 1, 'x')), HasSubstr("larger than"));
}

TEST(ParseYaml, LargeFlatMapsAreReadInLinearTime) {
  std::string text;
  for (int i = 0; text.size() < kMaxYamlBytes - 20; ++i) absl::StrAppend(&text, "k", i, ": 1\n");
  EXPECT_EQ(ErrorOf(text), "OK");
}

TEST(ParseYaml, RefusesWhatIsNotText) {
  EXPECT_THAT(ErrorOf("a: 1\nb: \xff\n"), StartsWith("f.yaml:2:4: not UTF-8"));
  EXPECT_THAT(ErrorOf("a: \xc0\xaf"), HasSubstr("not UTF-8"));
  EXPECT_THAT(ErrorOf("a: \xed\xa0\x80"), HasSubstr("not UTF-8"));
  EXPECT_THAT(ErrorOf("a: \xe2\x82"), HasSubstr("not UTF-8"));
  EXPECT_THAT(ErrorOf("a: 1\x04\nb: 2"), HasSubstr("control character"));
  EXPECT_THAT(ErrorOf(std::string("a\0b", 3)), HasSubstr("control character"));
  EXPECT_EQ(ErrorOf("a: \"é…😀\"\r\n"), "OK");
}

TEST(Quote, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(Quote("abc"), "`abc`");
  const std::string xs(59, 'x');
  EXPECT_EQ(Quote(absl::StrCat(xs, "éy")), absl::StrCat("`", xs, "…`"));
}

}  // namespace
}  // namespace hone
