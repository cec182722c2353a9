#include "reward/pieces.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

std::string Cut(absl::string_view text) {
  return absl::StrJoin(CutIntoPieces(text), "|", [](std::string* out, const Piece& piece) {
    absl::StrAppend(out, piece.text);
  });
}

TEST(Pieces, CutsWordsDigitsAndSigns) {
  EXPECT_EQ(Cut("Ab c12 + d\n"), "Ab|c|1|2|+|d");
  EXPECT_EQ(Cut("caf\xc3\xa9s e\xcc\x81t"), "caf\xc3\xa9s|e\xcc\x81t");
  EXPECT_EQ(Cut("我们ab"), "我|们|ab");
  EXPECT_EQ(Cut("日本のカナ"), "日|本|の|カ|ナ");
  EXPECT_EQ(Cut("мирworld"), "мир|world");
  EXPECT_EQ(Cut("한국어 말"), "한국어|말");
  EXPECT_EQ(Cut(""), "");
  EXPECT_EQ(Cut("a\xff\xfe"), "a|\xff|\xfe");
  EXPECT_EQ(CutIntoPieces(std::string(100, 'x')).size(), 4u);
}

TEST(Pieces, KnowsTheirKindsAndScripts) {
  const std::vector<Piece> pieces = CutIntoPieces("αβ ж 7 ? שלום สวัสดี");
  ASSERT_GE(pieces.size(), 6u);
  EXPECT_EQ(pieces[0].script, Script::kGreek);
  EXPECT_EQ(pieces[0].letters, 2);
  EXPECT_EQ(pieces[1].script, Script::kCyrillic);
  EXPECT_EQ(pieces[2].kind, Piece::Kind::kDigit);
  EXPECT_EQ(pieces[3].kind, Piece::Kind::kSign);
  EXPECT_EQ(pieces[4].script, Script::kHebrew);
  EXPECT_EQ(pieces[5].script, Script::kThai);
}

TEST(Script, EndsWhereItsBlocksEnd) {
  EXPECT_EQ(ScriptOf('A'), Script::kLatin);
  EXPECT_EQ(ScriptOf(0x24F), Script::kLatin);
  EXPECT_EQ(ScriptOf(0x36F), Script::kOther);
  EXPECT_EQ(ScriptOf(0x4E00), Script::kHan);
  EXPECT_EQ(ScriptOf(0x9FFF), Script::kHan);
  EXPECT_EQ(ScriptOf(0xA000), Script::kOther);
  EXPECT_EQ(ScriptOf(0x20000), Script::kHan);
  EXPECT_EQ(ScriptOf(0x10FFFF), Script::kOther);
  EXPECT_EQ(ScriptOf(0), Script::kOther);
}

}  // namespace
}  // namespace hone
