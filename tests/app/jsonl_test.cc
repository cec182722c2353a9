#include "app/jsonl.h"

#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

class JsonlTest : public ::testing::Test {
 protected:
  JsonlTest() : path_(::testing::TempDir() + "/jsonl_test_" + std::to_string(getpid())) {
    std::filesystem::remove(path_);
  }
  ~JsonlTest() override { std::filesystem::remove(path_); }

  Status ReadText(const std::string& text, std::vector<std::string>* places) {
    std::ofstream(path_) << text;
    return ReadJsonl(path_, [&](const nlohmann::json&, const std::string& where) {
      places->push_back(where.substr(where.rfind(':')));
      return absl::OkStatus();
    });
  }

  std::string path_;
};

TEST_F(JsonlTest, CountsLinesAndSkipsBlankOnes) {
  std::vector<std::string> places;
  ASSERT_TRUE(ReadText("1\n\n  \n{\"a\": 2}", &places).ok());
  EXPECT_EQ(places, (std::vector<std::string>{":1", ":4"}));
}

TEST_F(JsonlTest, NamesTheLineThatIsNotJson) {
  std::vector<std::string> places;
  const Status status = ReadText("1\n{oops\n", &places);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_ + ":2"));
}

TEST_F(JsonlTest, AnAbsentFileIsAUsageError) {
  const Status status =
      ReadJsonl(path_, [](const nlohmann::json&, const std::string&) { return absl::OkStatus(); });
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
}

TEST(JsonFieldsTest, UnknownKeysGetTheNearestOne) {
  const Status status = CheckKeys({{"promt", "x"}}, {"prompt", "tokens"}, "f:3");
  EXPECT_THAT(std::string(status.message()), HasSubstr("f:3: unknown key \"promt\""));
  EXPECT_THAT(std::string(status.message()), HasSubstr("`prompt`"));
}

TEST(JsonFieldsTest, TokenIdsMustBeSmallWholeNumbers) {
  EXPECT_EQ(*TokenIds({0, 5, 2147483647}, "f:1"), (std::vector<int32_t>{0, 5, 2147483647}));
  for (const nlohmann::json& bad :
       {nlohmann::json{-1}, nlohmann::json{2147483648}, nlohmann::json{18446744073709551615u},
        nlohmann::json{1.5}, nlohmann::json{"1"}, nlohmann::json{true}, nlohmann::json(7)}) {
    EXPECT_FALSE(TokenIds(bad, "f:1").ok()) << bad;
  }
}

TEST_F(JsonlTest, AFileGetsItsNameByCommit) {
  {
    auto file = LineFile::Create(path_);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->Write("one").ok());
    EXPECT_FALSE(FileExists(path_));
  }
  EXPECT_FALSE(FileExists(path_));
  EXPECT_FALSE(FileExists(path_ + ".incomplete"));
  auto file = LineFile::Create(path_);
  ASSERT_TRUE(file->Write("one").ok());
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(*ReadFile(path_), "one\n");
  EXPECT_FALSE(FileExists(path_ + ".incomplete"));
}

TEST(LineFileTest, WritesToADeviceDirectly) {
  auto file = LineFile::Create("/dev/null");
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(file->Write("gone").ok());
  EXPECT_TRUE(file->Commit().ok());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(LineFileTest, AFullDiskIsAnError) {
  auto file = LineFile::Create("/dev/full");
  ASSERT_TRUE(file.ok());
  const Status written = file->Write("too much");
  EXPECT_FALSE(written.ok() && file->Commit().ok());
}

TEST(LineFileTest, AnUnwritablePlaceIsNamed) {
  const auto file = LineFile::Create("/proc/nowhere/out.jsonl");
  EXPECT_THAT(std::string(file.status().message()), HasSubstr("/proc/nowhere/out.jsonl"));
}

}  // namespace
}  // namespace hone
