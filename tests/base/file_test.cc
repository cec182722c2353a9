#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/hone_file_test_XXXXXX";
    folder_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(FileTest, WritesWholeFilesAndReadsThemBack) {
  const std::string path = folder_ + "/a", content(100000, 'x');
  ASSERT_TRUE(WriteFileAtomically(path, "old").ok());
  ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  EXPECT_EQ(ReadFile(path).value(), content);
  EXPECT_FALSE(FileExists(path + ".incomplete"));
  const auto mapped = MappedFile::Open(path);
  ASSERT_TRUE(mapped.ok());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(mapped->data()), mapped->size()), content);
}

TEST_F(FileTest, ErrorsNameThePath) {
  EXPECT_THAT(std::string(ReadFile(folder_ + "/none").status().message()), HasSubstr("/none"));
  EXPECT_THAT(std::string(WriteFileAtomically(folder_ + "/no/file", "x").message()),
              HasSubstr("/no/file"));
  EXPECT_THAT(std::string(MappedFile::Open(folder_).status().message()),
              HasSubstr("not a regular file"));
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/f", "x").ok());
  EXPECT_THAT(std::string(MakeFolder(folder_ + "/f/g").message()), HasSubstr("/f/g"));
}

TEST_F(FileTest, AFullDiskLeavesTheOldContent) {
  // /dev/full answers every write with "no space left".
  const std::string path = folder_ + "/a";
  ASSERT_TRUE(WriteFileAtomically(path, "old").ok());
  ASSERT_EQ(symlink("/dev/full", (path + ".incomplete").c_str()), 0);
  const Status status = WriteFileAtomically(path, "new");
  EXPECT_THAT(std::string(status.message()), HasSubstr("No space left"));
  EXPECT_EQ(ReadFile(path).value(), "old");
}

}  // namespace
}  // namespace hone
