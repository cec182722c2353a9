#include "base/hash.h"

#include <string>

#include "base/file.h"
#include "gtest/gtest.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

TEST(Hash64, IsTheBeginningOfSha256) {
  EXPECT_EQ(Hash64("abc"), 0xba7816bf8f01cfeaULL);
  EXPECT_EQ(Hash64(""), 0xe3b0c44298fc1c14ULL);
}

TEST(Sha256Test, MatchesTheStandardsExamples) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Test, OfAFileIsThatOfItsBytes) {
  const TempFolder folder;
  // Nothing, a piece, and more than one.
  for (const size_t size : {size_t{0}, size_t{3}, (size_t{1} << 20) + 1}) {
    const std::string bytes(size, 'x');
    ASSERT_TRUE(WriteFileAtomically(folder.File("f"), bytes).ok());
    EXPECT_EQ(*Sha256OfFile(folder.File("f")), Sha256Hex(bytes));
  }
  EXPECT_FALSE(Sha256OfFile(folder.File("none")).ok());
}

// RFC 3720, appendix B.4.
TEST(Crc32cTest, MatchesTheStandardsExamples) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
}

TEST(Mix64Test, NeighboursBecomeUnrelated) {
  EXPECT_EQ(Mix64(0), 0xe220a8397b1dcdafULL);  // SplitMix64 from seed 0
  EXPECT_GT(__builtin_popcountll(Mix64(1) ^ Mix64(2)), 16);
}

}  // namespace
}  // namespace hone
