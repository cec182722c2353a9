#include "data/append_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

TEST(AppendFileTest, GrowsAndContinues) {
  const TempFolder folder;
  const std::string path = folder.File("f");
  {
    const auto file = AppendFile::Open(path).value();
    ASSERT_TRUE(file->Append("one\n").ok());
    EXPECT_EQ(ReadFile(path).value(), "one\n");
  }
  ASSERT_TRUE(AppendFile::Open(path).value()->Append("two\n").ok());
  EXPECT_EQ(ReadFile(path).value(), "one\ntwo\n");
}

TEST(AppendFileTest, FullDiskIsAnErrorThatNamesTheFile) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "this system has no /dev/full";
  const Status status = AppendFile::Open("/dev/full").value()->Append("x");
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(status.message(), testing::HasSubstr("/dev/full"));
}

// A write that the system cuts in the middle, as on a disk that fills up.
TEST(AppendFileTest, APartOfARecordIsTakenBack) {
  const TempFolder folder;
  const std::string path = folder.File("f");
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = 10, .rlim_max = 10};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto file = AppendFile::Open(path).value();
    const bool as_expected =
        file->Append("12345678").ok() && !file->Append("abcdefgh").ok() && file->Append("9").ok();
    _exit(as_expected ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(ReadFile(path).value(), "123456789");
}

TEST(AppendFileTest, MissingFolder) {
  const Status status = AppendFile::Open("/no/such/folder/f").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(status.message(), testing::HasSubstr("/no/such/folder/f"));
}

}  // namespace
}  // namespace hone
