// What programs can do within a sandbox, and what is left of them: nothing.
#include "reward/sandbox/sandbox.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reward/sandbox/leftovers.h"
#include "tests/reward/sandbox/machine.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Limits kLimits = {.cpu_seconds = 1,
                            .wall_seconds = 20,
                            .memory_bytes = uint64_t{512} << 20,
                            .output_bytes = 1 << 20};

class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override { HONE_NEEDS_SANDBOX(); }

  void Make(CellKind kind) {
    StatusOr<Sandbox> made = Sandbox::Make(kind);
    ASSERT_TRUE(made.ok()) << made.status();
    sandbox_.emplace(*std::move(made));
  }
  Execution Python(absl::string_view source, absl::string_view input = "",
                   const Limits& limits = kLimits) {
    if (!sandbox_) Make(CellKind::kPython);
    const StatusOr<Program> program = sandbox_->Load(source);
    EXPECT_TRUE(program.ok()) << program.status();
    return Run(*program, input, limits);
  }
  Execution Run(const Program& program, absl::string_view input = "",
                const Limits& limits = kLimits) {
    StatusOr<Execution> done = sandbox_->Run(program, false, input, limits);
    EXPECT_TRUE(done.ok()) << done.status();
    return done.ok() ? *std::move(done) : Execution{};
  }
  std::optional<Sandbox> sandbox_;
};

TEST_F(SandboxTest, RunsPrograms) {
  const Execution done = Python("print(int(input()) + 1)\nprint(input())", "41\nhé\n");
  EXPECT_EQ(done.ending, Ending::kFinished) << done.how;
  EXPECT_EQ(done.output, "42\nhé\n");
  EXPECT_GT(done.cpu_seconds, 0);
  // Any bytes, and a text longer than a pipe holds.
  const std::string bytes = std::string("\xff\0\n", 3) + std::string(1 << 19, 'x');
  EXPECT_EQ(Python("import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())", bytes).output,
            bytes);
  EXPECT_EQ(Python("import sys\nprint(sys.stdin.read(), end='')", bytes).output, bytes);
}

TEST_F(SandboxTest, CompilesOnceAndRunsOften) {
  Make(CellKind::kNative);
  const auto compiled = sandbox_->Compile(
      "#include <iostream>\nint main() { int n; std::cin >> n; std::cout << -n; }");
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  ASSERT_EQ(compiled->second.ending, Ending::kFinished) << compiled->second.how;
  for (int i = 1; i < 5; ++i) {
    EXPECT_EQ(Run(compiled->first, std::to_string(i)).output, std::to_string(-i));
  }
}

TEST_F(SandboxTest, SaysHowAProgramEnded) {
  Execution done = Python("print(1 / 0)");
  EXPECT_EQ(done.ending, Ending::kFailed);
  EXPECT_EQ(done.how, "exit code 1: ZeroDivisionError: division by zero");
  done = Python("import sys\nsys.exit('sorry')");
  EXPECT_EQ(done.how, "exit code 1: sorry");
  done = Python("import os\nos._exit(7)");
  EXPECT_EQ(done.how, "exit code 7");
  done = Python("import os\nos.abort()");
  EXPECT_EQ(done.ending, Ending::kFailed);
  EXPECT_THAT(done.how, StartsWith("ended by signal 6"));
  done = Python("while True: pass");
  EXPECT_EQ(done.ending, Ending::kOutOfTime);
  EXPECT_GT(done.cpu_seconds, 0.9);
  EXPECT_LT(done.cpu_seconds, 1.5);
}

TEST_F(SandboxTest, OutputMayBeAsLongAsAllowed) {
  EXPECT_EQ(Python("print('x' * (2**20 - 1))").ending, Ending::kFinished);
  EXPECT_EQ(Python("print('x' * 2**20)").ending, Ending::kTooMuchOutput);
  EXPECT_EQ(Python("import sys\nprint('x' * 2**20, file=sys.stderr)").ending,
            Ending::kTooMuchOutput);
}

TEST_F(SandboxTest, MemoryIsLimitedForEachRun) {
  Limits limits = kLimits;
  EXPECT_EQ(Python("x = bytearray(2**28)", "", limits).ending, Ending::kFinished);
  limits.memory_bytes = uint64_t{128} << 20;
  EXPECT_THAT(Python("x = bytearray(2**28)", "", limits).how, HasSubstr("MemoryError"));
}

TEST_F(SandboxTest, WaitingEndsByTheWallClock) {
  Limits limits = kLimits;
  limits.wall_seconds = 0.2;
  EXPECT_EQ(Python("import time\ntime.sleep(100)", "", limits).ending, Ending::kWaitedTooLong);
  EXPECT_EQ(Python("print(1)").output, "1\n");  // in another cell
}

TEST_F(SandboxTest, EndsWithItsOwner) {
  const int files = NumOpenFiles();
  Make(CellKind::kPython);
  EXPECT_EQ(NumDescendants(), 2);
  sandbox_.reset();
  EXPECT_EQ(NumDescendants(), 0);
  EXPECT_EQ(NumOpenFiles(), files);
}

// What was forked meanwhile has copies of the sockets, and may live on.
TEST_F(SandboxTest, EndsThoughAForkOfItsOwnerLives) {
  Make(CellKind::kPython);
  const pid_t fork_of_owner = fork();
  if (fork_of_owner == 0) {
    pause();
    _exit(0);
  }
  sandbox_.reset();
  EXPECT_EQ(NumDescendants(), 1);  // the fork alone
  kill(fork_of_owner, SIGKILL);
  waitpid(fork_of_owner, nullptr, 0);
}

// If Hone is killed, the kernel tells the helper, which ends the cell.
TEST_F(SandboxTest, EndsWhenItsOwnerIsKilled) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // orphans become children of this process
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    Make(CellKind::kPython);
    (void)!write(ready[1], "r", 1);
    pause();
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(NumDescendants(), 3);  // the owner, the helper, and the cell's first process
  kill(owner, SIGKILL);
  while (waitpid(-1, nullptr, 0) > 0) continue;  // ends when all have ended by themselves
  EXPECT_EQ(NumDescendants(), 0);
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace hone
