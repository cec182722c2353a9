#include "data/record_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/data/temp_folder.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

class RecordFileTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.File(name), std::ios::binary) << text;
    return folder_.File(name);
  }
  TempFolder folder_;
};

TEST_F(RecordFileTest, ReadsLinesInAnyOrderAndPassesOverBlankOnes) {
  const std::string path = Write("a.jsonl", "\n{\"a\":1}\n  \r\n{\"a\":2}\r\n\n{\"a\":3}");
  const auto file = RecordFile::Open(path, {"a"});
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->size(), 3);
  EXPECT_EQ((*file->Read(2))["a"], 3);
  EXPECT_EQ((*file->Read(0))["a"], 1);
  EXPECT_EQ((*file->Read(1))["a"], 2);
  EXPECT_EQ(file->Place(0), path + ":2");
  EXPECT_EQ(file->Place(2), path + ":6");
}

TEST_F(RecordFileTest, SaysWhichLineIsWrong) {
  const std::string path =
      Write("a.jsonl", "{\"a\":1}\n{\"a\":\n[1]\n\"x\"\n{\"a\":\"\xff\"}\n{} {}\n");
  const auto file = RecordFile::Open(path, {"a"});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->Read(0).ok());
  for (int i = 1; i < 6; ++i) {
    const Status status = file->Read(i).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << i;
    EXPECT_THAT(status.message(), HasSubstr(path + ":" + std::to_string(i + 1) + ": not"));
  }
}

TEST_F(RecordFileTest, RefusesWhatIsNoDataFile) {
  const auto error = [](const std::string& path) {
    const Status status = RecordFile::Open(path, {}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(error(folder_.File("absent.jsonl")), HasSubstr("absent.jsonl"));
  EXPECT_THAT(error(Write("a.csv", "a,b\n")), HasSubstr(".jsonl"));
  EXPECT_THAT(error(folder_.path()), HasSubstr(".parquet"));
}

TEST_F(RecordFileTest, AnEmptyFileHasNoRecords) {
  EXPECT_EQ(RecordFile::Open(Write("a.jsonl", ""), {})->size(), 0);
  EXPECT_EQ(RecordFile::Open(Write("b.jsonl", "\n \n"), {})->size(), 0);
}

TEST_F(RecordFileTest, AFileThatMovesKeepsItsRecords) {
  auto file = RecordFile::Open(Write("a.jsonl", "{\"a\":1}\n"), {}).value();
  const RecordFile moved = std::move(file);
  EXPECT_EQ((*moved.Read(0))["a"], 1);
}

}  // namespace
}  // namespace hone
