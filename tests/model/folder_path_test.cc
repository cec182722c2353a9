#include "model/folder_path.h"

#include <filesystem>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FolderPathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    base_ = ::testing::TempDir() + "/folder_path_" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(base_);
    ASSERT_TRUE(MakeFolder(base_ + "/model").ok());
  }
  void TearDown() override { fs::remove_all(base_); }

  static void Touch(const std::string& path) {
    ASSERT_TRUE(MakeFolder(fs::path(path).parent_path()).ok());
    ASSERT_TRUE(WriteFileAtomically(path, "x").ok());
  }
  std::string Error(const std::string& name, const std::string& folder = "/model") {
    return std::string(PathInFolder(base_ + folder, name).status().message());
  }

  std::string base_;
};

TEST_F(FolderPathTest, LinksMayNotLeaveTheFolder) {
  Touch(base_ + "/outside");
  Touch(base_ + "/model/inside");
  EXPECT_EQ(*PathInFolder(base_ + "/model", "inside"), base_ + "/model/inside");
  EXPECT_THAT(Error("../outside"), HasSubstr("leaves the folder"));
  EXPECT_THAT(Error(base_ + "/outside"), HasSubstr("not a relative path"));
  EXPECT_THAT(Error(""), HasSubstr("not a relative path"));
  EXPECT_THAT(Error(std::string("in\0side", 7)), HasSubstr("not a relative path"));
  EXPECT_TRUE(absl::IsNotFound(PathInFolder(base_ + "/model", "absent").status()));

  fs::create_symlink("inside", base_ + "/model/near");
  EXPECT_TRUE(PathInFolder(base_ + "/model", "near").ok());
  fs::create_symlink("../outside", base_ + "/model/far");
  EXPECT_THAT(Error("far"), HasSubstr("is a link out of the folder"));
  fs::create_symlink("far", base_ + "/model/detour");
  EXPECT_THAT(Error("detour"), HasSubstr("is a link out of the folder"));
  // A neighbour whose name begins alike is not inside.
  Touch(base_ + "/model2/file");
  fs::create_symlink("../model2/file", base_ + "/model/sibling");
  EXPECT_THAT(Error("sibling"), HasSubstr("is a link out of the folder"));
  // The folder itself may be reached through a link.
  fs::create_directory_symlink("model", base_ + "/alias");
  EXPECT_TRUE(PathInFolder(base_ + "/alias", "inside").ok());
}

TEST_F(FolderPathTest, TheCacheOfTheHubIsALayoutOfItsOwn) {
  Touch(base_ + "/models--a/blobs/1234");
  Touch(base_ + "/models--a/other");
  const std::string snapshot = "/models--a/snapshots/abcd";
  ASSERT_TRUE(MakeFolder(base_ + snapshot).ok());
  fs::create_symlink("../../blobs/1234", base_ + snapshot + "/config.json");
  EXPECT_TRUE(PathInFolder(base_ + snapshot, "config.json").ok());
  fs::create_symlink("../../other", base_ + snapshot + "/other");
  EXPECT_THAT(Error("other", snapshot), HasSubstr("is a link out of the folder"));
}

}  // namespace
}  // namespace hone
