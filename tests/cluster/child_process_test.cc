#include "cluster/child_process.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

class ChildProcessTest : public ::testing::Test {
 protected:
  ChildProcessTest()
      : folder_(absl::StrCat(::testing::TempDir(), "/hone-child-", getpid(), "-",
                             ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~ChildProcessTest() override { std::filesystem::remove_all(folder_); }

  ProcessSpec Shell(const std::string& script) const {
    return {.argv = {"/bin/sh", "-c", script}, .log_path = folder_ + "/log"};
  }
  std::string Log() const { return *ReadFile(folder_ + "/log"); }

  static std::unique_ptr<ChildProcess> Start(const ProcessSpec& spec) {
    StatusOr<std::unique_ptr<ChildProcess>> child = ChildProcess::Start(spec);
    EXPECT_TRUE(child.ok()) << child.status();
    return *std::move(child);
  }
  static ProcessExit Await(ChildProcess& child) {
    pollfd wait{.fd = child.fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&wait, 1, 60'000), 1);
    const std::optional<ProcessExit> exit = child.TakeExit();
    EXPECT_TRUE(exit.has_value());
    return exit.value_or(ProcessExit{.exit_code = -1});
  }

  std::string folder_;
};

TEST_F(ChildProcessTest, SaysHowItEnded) {
  EXPECT_TRUE(Await(*Start(Shell("exit 0"))).clean());
  const ProcessExit exit = Await(*Start(Shell("exit 3")));
  EXPECT_EQ(exit.exit_code, 3);
  EXPECT_EQ(Describe(exit), "exited with 3");
  const ProcessExit killed = Await(*Start(Shell("kill -9 $$")));
  EXPECT_FALSE(killed.clean());
  EXPECT_EQ(killed.signal_number, SIGKILL);
  EXPECT_EQ(Describe(killed), "was killed by signal 9 (Killed)");
  // As mpirun tells of the end of a rank.
  EXPECT_EQ(Await(*Start(Shell("sh -c 'kill -9 $$'; exit $?"))).signal_number, SIGKILL);
  EXPECT_EQ(Await(*Start(Shell("exit 255"))).exit_code, 255);
}

TEST_F(ChildProcessTest, WritesItsLogAndSeesItsEnvironment) {
  ProcessSpec spec = Shell("echo out $HONE_TEST; echo err >&2; cat");
  spec.environment = {{"HONE_TEST", "42"}};
  EXPECT_TRUE(Await(*Start(spec)).clean());  // cat ends: there is no input
  spec.environment = {{"PATH", "/nowhere"}};
  EXPECT_FALSE(Await(*Start(spec)).clean());  // appended; cat is not found
  EXPECT_THAT(Log(), HasSubstr("out 42\nerr\nout"));
}

TEST_F(ChildProcessTest, AProgramThatCannotBeStartedIsAnError) {
  const Status status = ChildProcess::Start({.argv = {"/nowhere/program"}}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("/nowhere/program"));
  EXPECT_FALSE(ChildProcess::Start({}).ok());
  ProcessSpec spec = Shell("exit 0");
  spec.log_path = "/nowhere/log";
  EXPECT_THAT(ChildProcess::Start(spec).status().message(), HasSubstr("/nowhere/log"));
}

TEST_F(ChildProcessTest, RunsUntilItIsSignalled) {
  const auto child = Start(Shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"));
  EXPECT_FALSE(child->TakeExit().has_value());
  while (Log().empty()) sched_yield();  // the trap is set
  child->Signal(SIGTERM);
  EXPECT_EQ(Await(*child).exit_code, 7);
}

TEST_F(ChildProcessTest, SignalsAreNotBlockedInIt) {
  sigset_t signals, before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  const auto child = Start({.argv = {"/bin/sleep", "1000"}});
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  child->Signal(SIGTERM);
  EXPECT_EQ(Await(*child).signal_number, SIGTERM);
}

// What a role starts itself (a sandbox, say) must not be left behind.
TEST_F(ChildProcessTest, TakesItsOwnChildrenWithIt) {
  const auto child = Start(Shell("sleep 1000 & echo $!"));
  EXPECT_TRUE(Await(*child).clean());
  int grandchild = 0;
  ASSERT_TRUE(absl::SimpleAtoi(Log(), &grandchild)) << Log();
  // Gone, or a zombie whose new parent has not looked yet: then it has no command line.
  const std::string command_line = absl::StrCat("/proc/", grandchild, "/cmdline");
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  bool alive = true;
  while (alive && absl::Now() < deadline) {
    const StatusOr<std::string> text = ReadFile(command_line);
    alive = text.ok() && text->starts_with("sleep");
    sched_yield();
  }
  EXPECT_FALSE(alive);
}

}  // namespace
}  // namespace hone
