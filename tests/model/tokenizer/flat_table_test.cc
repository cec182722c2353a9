#include "model/tokenizer/flat_table.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(PairTable, FindsWhatWasPutAndNothingElse) {
  constexpr int size = 5000;
  PairTable<int> table(size);
  // Neighbours, mirrored pairs and large numbers: what a vocabulary has.
  for (int i = 0; i < size; ++i) table.Put(i % 70, i / 70 + (i % 3) * 150'000, i);
  for (int i = 0; i < size; ++i) {
    ASSERT_NE(table.Find(i % 70, i / 70 + (i % 3) * 150'000), nullptr);
    EXPECT_EQ(*table.Find(i % 70, i / 70 + (i % 3) * 150'000), i);
  }
  EXPECT_EQ(table.Find(70, 0), nullptr);
  EXPECT_EQ(table.Find(150'000, 1), nullptr);
  table.Put(0, 0, -1);
  EXPECT_EQ(*table.Find(0, 0), -1);
  EXPECT_EQ(PairTable<int>(0).Find(0, 0), nullptr);
}

TEST(WordTable, FindsWhatWasPutAndNothingElse) {
  constexpr int size = 5000;
  WordTable table(size);
  // Equal starts of 7, 8 and more bytes, which the hash takes in pieces of 8.
  for (int i = 0; i < size; ++i) table.Put(absl::StrCat(std::string(i % 20, 'x'), i), i);
  for (int i = 0; i < size; ++i) {
    EXPECT_EQ(table.Find(absl::StrCat(std::string(i % 20, 'x'), i)), i);
    EXPECT_EQ(table.Find(absl::StrCat(std::string(i % 20, 'y'), i)), i % 20 == 0 ? i : -1);
  }
  EXPECT_EQ(table.Find(""), -1);
  table.Put("0", 7);
  EXPECT_EQ(table.Find("0"), 0);  // the first stays
  EXPECT_EQ(WordTable(0).Find("a"), -1);
}

}  // namespace
}  // namespace hone
