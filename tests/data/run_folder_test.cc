#include "data/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

TEST(RunFolderTest, CreatesEveryFolderAndMayBeRepeated) {
  const TempFolder temp;
  const RunFolder folder{temp.File("runs/a")};
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(CreateRunFolder(folder).ok());
    for (const std::string& path : {folder.tensorboard(), folder.rollouts(), folder.checkpoints(),
                                    folder.logs(), folder.prometheus()}) {
      EXPECT_TRUE(std::filesystem::is_directory(path)) << path;
    }
  }
}

TEST(RunFolderTest, AFileInTheWayIsNamed) {
  const TempFolder temp;
  ASSERT_TRUE(WriteFileAtomically(temp.File("a"), "").ok());
  const Status status = CreateRunFolder({temp.File("a")});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), testing::HasSubstr(temp.File("a")));
}

TEST(RunFolderTest, AnUnwritablePlaceIsNamed) {
  // Neither root nor anybody else can create folders there.
  const Status status = CreateRunFolder({"/proc/hone-run"});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), testing::HasSubstr("/proc/hone-run"));
}

}  // namespace
}  // namespace hone
