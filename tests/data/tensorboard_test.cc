#include "data/tensorboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/data/event_file.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

using testing::ElementsAre;
using testing::Pair;

// The vectors of RFC 3720, appendix B.4, and the usual check word.
TEST(TensorBoardTest, Crc32cKnownVectors) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string ascending, descending;
  for (int i = 0; i < 32; ++i) {
    ascending.push_back(static_cast<char>(i));
    descending.push_back(static_cast<char>(31 - i));
  }
  EXPECT_EQ(Crc32c(ascending), 0x46dd794eu);
  EXPECT_EQ(Crc32c(descending), 0x113fdb5cu);
}

// The first record of an event file as TensorFlow and tensorboardX write it: 24 bytes of data in
// 40 bytes, whose first 12 never change.
TEST(TensorBoardTest, RecordHeadOfAKnownFile) {
  const std::string record = EncodeEventRecord(std::string(24, '\0'));
  EXPECT_EQ(record.size(), 40u);
  EXPECT_EQ(absl::BytesToHexString(record.substr(0, 12)), "1800000000000000a37f4b22");
}

TEST(TensorBoardTest, WritesWhatItWasGiven) {
  const TempFolder folder;
  const auto writer = TensorBoardWriter::Create(folder.path()).value();
  ASSERT_TRUE(writer->Write(1234.5, 1, {{"reward_mean", 0.25}, {"loss", -3}}).ok());
  ASSERT_TRUE(writer->Write(1235, int64_t{1} << 40, {{std::string(300, 't'), 1e30}}).ok());
  const std::vector<ReadEvent> events = ReadEvents(folder.path());
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].file_version, "brain.Event:2");
  EXPECT_NEAR(events[0].wall_time, absl::ToUnixSeconds(absl::Now()), 60);
  EXPECT_EQ(events[1].wall_time, 1234.5);
  EXPECT_EQ(events[1].step, 1);
  EXPECT_THAT(events[1].values, ElementsAre(Pair("reward_mean", 0.25f), Pair("loss", -3.0f)));
  EXPECT_EQ(events[2].step, int64_t{1} << 40);
  EXPECT_THAT(events[2].values, ElementsAre(Pair(std::string(300, 't'), 1e30f)));
}

TEST(TensorBoardTest, LeavesOutWhatIsNotFinite) {
  const TempFolder folder;
  const auto writer = TensorBoardWriter::Create(folder.path()).value();
  ASSERT_TRUE(writer->Write(1, 1, {{"a", std::nan("")}, {"b", 1}, {"c", HUGE_VAL}}).ok());
  EXPECT_THAT(ReadEvents(folder.path())[1].values, ElementsAre(Pair("b", 1.0f)));
}

TEST(TensorBoardTest, ANewWriterStartsOver) {
  const TempFolder folder;
  ASSERT_TRUE(TensorBoardWriter::Create(folder.path()).value()->Write(1, 1, {{"a", 1}}).ok());
  const auto writer = TensorBoardWriter::Create(folder.path()).value();
  int num_files = 0;
  EXPECT_EQ(ReadEvents(folder.path(), &num_files).size(), 1u);
  EXPECT_EQ(num_files, 1);
}

TEST(TensorBoardTest, MissingFolderIsNamed) {
  const Status status = TensorBoardWriter::Create("/no/such/folder").status();
  EXPECT_THAT(status.message(), testing::HasSubstr("/no/such/folder"));
}

}  // namespace
}  // namespace hone
