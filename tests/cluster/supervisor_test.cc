#include "cluster/supervisor.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A role that ends only when it is told to.
constexpr char kForever[] = "while :; do sleep 0.05; done";

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest()
      : folder_(absl::StrCat(::testing::TempDir(), "/hone-supervisor-", getpid(), "-",
                             ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
    options_.max_restarts = 3;
    options_.first_backoff_seconds = 0.01;
    options_.grace_seconds = 30;
  }
  ~SupervisorTest() override { std::filesystem::remove_all(folder_); }

  RoleSpec Role(const std::string& name, const std::string& script) const {
    return {.name = name,
            .process = {.argv = {"/bin/sh", "-c", script},
                        .environment = {{"DIR", folder_}},
                        .log_path = LogPath(name)}};
  }
  RoleSpec Restartable(const std::string& name, const std::string& script) const {
    RoleSpec role = Role(name, script);
    role.restartable = true;
    return role;
  }
  RoleSpec Trainer(const std::string& script) const {
    RoleSpec role = Role("trainer", script);
    role.ends_run = true;
    return role;
  }
  std::string LogPath(const std::string& name) const { return folder_ + "/" + name + ".log"; }
  // How often a script that begins with `echo started` was started.
  int NumStarts(const std::string& name) const {
    const std::string log = *ReadFile(LogPath(name));
    const std::vector<std::string> lines = absl::StrSplit(log, '\n');
    return static_cast<int>(std::count(lines.begin(), lines.end(), "started"));
  }
  // Blocks until a role has written this file.
  void AwaitFile(const std::string& name) const {
    while (!FileExists(folder_ + "/" + name)) sched_yield();
  }

  Status Run(std::vector<RoleSpec> roles) {
    Supervisor supervisor(std::move(roles), options_);
    return supervisor.Run(stop_);
  }

  std::string folder_;
  SupervisorOptions options_;
  std::atomic<bool> stop_{false};
};

TEST_F(SupervisorTest, IsDoneWhenAllAre) {
  EXPECT_TRUE(Run({}).ok());
  EXPECT_TRUE(Run({Role("a", "exit 0"), Role("b", "exit 0")}).ok());
}

TEST_F(SupervisorTest, OthersFollowTheRoleThatEndsTheRun) {
  // Both by themselves …
  EXPECT_TRUE(
      Run({Trainer("touch $DIR/done"), Role("rollout-0",
                                            "while [ ! -e $DIR/done ]; do sleep 0.01; done; "
                                            "touch $DIR/followed")})
          .ok());
  EXPECT_TRUE(FileExists(folder_ + "/followed"));
  // … and by a signal, when they do not.
  options_.grace_seconds = 0.05;
  EXPECT_TRUE(Run({Trainer("exit 0"), Restartable("rollout-0", kForever)}).ok());
}

TEST_F(SupervisorTest, ADeathEndsTheRunAndSaysWhy) {
  const Status status =
      Run({Trainer(kForever), Role("reward-0", "echo first; echo the reason >&2; exit 3")});
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(status.message(), AllOf(HasSubstr("reward-0 exited with 3"),
                                      HasSubstr(LogPath("reward-0")), HasSubstr("the reason\n")));
}

TEST_F(SupervisorTest, QuotesOnlyTheEndOfALongLog) {
  const Status status = Run(
      {Role("a", "i=0; while [ $i -lt 2000 ]; do echo line $i of many; i=$((i+1)); done; exit 1")});
  EXPECT_THAT(status.message(), HasSubstr("line 1999 of many"));
  EXPECT_THAT(status.message(), Not(HasSubstr("line 1000 of many")));
  EXPECT_LT(status.message().size(), 3000u);
}

TEST_F(SupervisorTest, RestartsWhatMayBeRestarted) {
  options_.grace_seconds = 0.05;
  const Status status =
      Run({Trainer("while [ ! -e $DIR/three ]; do sleep 0.01; done"),
           Restartable("rollout-0",
                       "echo started; "
                       "if [ -e $DIR/two ]; then touch $DIR/three; exec sleep 1000; fi; "
                       "if [ -e $DIR/one ]; then touch $DIR/two; exit 1; fi; "
                       "touch $DIR/one; kill -9 $$")});
  // After the run the sleeper is told to go.
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(NumStarts("rollout-0"), 3);
}

TEST_F(SupervisorTest, DoesNotRestartForEver) {
  const Status status =
      Run({Trainer(kForever), Restartable("rollout-0", "echo started; kill -9 $$")});
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(status.message(), AllOf(HasSubstr("rollout-0 was killed by signal 9 (Killed)"),
                                      HasSubstr("death no. 4"), HasSubstr("started")));
  EXPECT_EQ(NumStarts("rollout-0"), 4);
}

TEST_F(SupervisorTest, DoesNotRestartAfterAUsageError) {
  const Status status =
      Run({Trainer(kForever), Restartable("rollout-0", "echo started; echo no such key; exit 2")});
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("no such key"));
  EXPECT_EQ(NumStarts("rollout-0"), 1);
}

TEST_F(SupervisorTest, ARoleThatEndsWellEarlyIsNotRestarted) {
  EXPECT_TRUE(Run({Trainer("while [ ! -e $DIR/once ]; do sleep 0.01; done"),
                   Restartable("rollout-0", "echo started; touch $DIR/once")})
                  .ok());
  EXPECT_EQ(NumStarts("rollout-0"), 1);
}

TEST_F(SupervisorTest, AProgramThatIsNotThereEndsTheRun) {
  RoleSpec role = Role("rollout-0", "");
  role.process.argv = {"/nowhere/hone"};
  const Status status = Run({Trainer(kForever), role});
  EXPECT_THAT(status.message(), AllOf(HasSubstr("rollout-0"), HasSubstr("/nowhere/hone")));
}

// --- Stopping.

std::atomic<bool> signalled{false};
void OnSignal(int) { signalled = true; }

TEST_F(SupervisorTest, ASignalEndsAllInOrder) {
  struct sigaction action = {}, before;
  action.sa_handler = OnSignal;
  sigaction(SIGTERM, &action, &before);
  // The one who sends it; it must not be blocked there, so it is started before.
  std::thread sender([&] {
    AwaitFile("ready");
    kill(getpid(), SIGTERM);
  });
  Supervisor supervisor(
      {Trainer("trap 'touch $DIR/told; exit 0' TERM; touch $DIR/ready; " + std::string(kForever)),
       Restartable("rollout-0", kForever)},
      options_);
  const Status status = supervisor.Run(signalled);
  sender.join();
  sigaction(SIGTERM, &before, nullptr);
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_TRUE(FileExists(folder_ + "/told"));
}

TEST_F(SupervisorTest, WhoIgnoresTheSignalIsKilled) {
  options_.grace_seconds = 0.05;
  std::thread stopper([&] {
    AwaitFile("ready");
    stop_ = true;
  });
  const Status status = Run({Trainer("trap '' TERM; touch $DIR/ready; " + std::string(kForever))});
  stopper.join();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

// The supervisor's own death, by whatever cause, takes the roles with it.
TEST_F(SupervisorTest, RolesDieWithTheSupervisor) {
  const pid_t supervisor_process = fork();
  if (supervisor_process == 0) {
    (void)Run({Role("rollout-0",
                    "echo $$ > $DIR/pid.new; mv $DIR/pid.new $DIR/pid; "
                    "exec sleep 1000")});
    _exit(1);
  }
  AwaitFile("pid");
  int role = 0;
  ASSERT_TRUE(absl::SimpleAtoi(*ReadFile(folder_ + "/pid"), &role));
  ASSERT_EQ(kill(role, 0), 0);
  kill(supervisor_process, SIGKILL);
  ASSERT_EQ(waitpid(supervisor_process, nullptr, 0), supervisor_process);
  // Gone, or a zombie whose new parent has not looked yet: then it has no command line.
  const std::string command_line = absl::StrCat("/proc/", role, "/cmdline");
  const absl::Time deadline = RealClock()->Now() + absl::Seconds(60);
  bool alive = true;
  while (alive && RealClock()->Now() < deadline) {
    const StatusOr<std::string> text = ReadFile(command_line);
    alive = text.ok() && text->starts_with("sleep");
    sched_yield();
  }
  EXPECT_FALSE(alive);
}

}  // namespace
}  // namespace hone
