#include "trainer/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "tests/base/manual_clock.h"
#include "trainer/progress_output.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

StepMetrics GrpoStep(int64_t step) {
  return {step,
          "grpo",
          1,
          {{"reward_mean", 0.412},
           {"accuracy", 0.38},
           {"response_length_mean", 96.4},
           {"tokens", 36400},
           {"seconds", 3.0},
           {"eval_seconds", 1.0}}};
}

std::string ReadAvailable(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;) text.append(buffer, n);
  return text;
}

class PlainProgressTest : public testing::Test {
 protected:
  PlainProgressTest() {
    EXPECT_EQ(pipe(ends_), 0);
    progress_ = MakeProgressOn(ends_[1], DetectProgressStyle(ends_[1]), 10, &clock_);
  }
  ~PlainProgressTest() override {
    progress_.reset();
    close(ends_[0]);
    close(ends_[1]);
  }

  std::vector<std::string> Lines() {
    return absl::StrSplit(ReadAvailable(ends_[0]), '\n', absl::SkipEmpty());
  }
  void StepAfter(double seconds, int64_t done) {
    clock_.Advance(absl::Seconds(seconds));
    progress_->Step(done, GrpoStep(done));
  }

  int ends_[2];
  ManualClock clock_;
  std::unique_ptr<Progress> progress_;
};

TEST_F(PlainProgressTest, SaysAtOnceThatAStageStarts) {
  progress_->StartStage("grpo", 0, 80);
  EXPECT_THAT(Lines(), ElementsAre("grpo 0/80  starting"));
  progress_->StartStage("grpo", 12, 80);
  EXPECT_THAT(Lines(), ElementsAre("grpo 12/80  going on"));
}

TEST_F(PlainProgressTest, AStepIsALineOfFigures) {
  progress_->StartStage("grpo", 11, 80);
  Lines();
  StepAfter(3, 12);
  EXPECT_THAT(
      Lines(),
      ElementsAre("grpo 12/80  reward 0.41  accuracy 0.38  length 96  18.2k tok/s  eta 3m24s"));
}

TEST_F(PlainProgressTest, EtaIsFromTheMeanOfRecentSteps) {
  progress_->StartStage("grpo", 0, 100);
  for (int step = 1; step <= 30; ++step) StepAfter(60, step);
  for (int step = 31; step <= 50; ++step) StepAfter(2, step);
  Lines();
  StepAfter(22, 51);
  EXPECT_THAT(Lines(), ElementsAre(EndsWith("eta 2m27s")));
}

TEST_F(PlainProgressTest, LinesAreSpacedButFirstAndLastAlwaysAppear) {
  progress_->StartStage("sft", 0, 5);
  Lines();
  std::vector<std::string> starts;
  for (int step = 1; step <= 5; ++step) StepAfter(4, step);
  for (const std::string& line : Lines()) starts.push_back(line.substr(0, 7));
  EXPECT_THAT(starts, ElementsAre("sft 1/5", "sft 4/5", "sft 5/5"));
}

TEST_F(PlainProgressTest, LeavesOutWhatIsMissingOrNotANumber) {
  progress_->StartStage("sft", 0, 1);
  Lines();
  clock_.Advance(absl::Seconds(1));
  progress_->Step(1, {1,
                      "sft",
                      1,
                      {{"loss", 1.2345},
                       {"tokens", std::numeric_limits<double>::quiet_NaN()},
                       {"seconds", 2},
                       {"heldout_accuracy", 0.27148}}});
  EXPECT_THAT(Lines(), ElementsAre("sft 1/1  held-out 0.271  loss 1.234"));
}

TEST_F(PlainProgressTest, HasNoControlCodesAndNoPhases) {
  progress_->Say("hone 0.1, run countdown");
  progress_->StartStage("grpo", 0, 2);
  progress_->Phase("rollout 1/2");
  StepAfter(1, 1);
  StepAfter(1, 2);
  const std::string text = ReadAvailable(ends_[0]);
  EXPECT_THAT(text, StartsWith("hone 0.1, run countdown\n"));
  EXPECT_THAT(text, Not(HasSubstr("rollout")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
}

class LiveProgressTest : public testing::Test {
 protected:
  void Open(int columns) {
    winsize size{};
    size.ws_col = static_cast<unsigned short>(columns);
    size.ws_row = 24;
    ASSERT_EQ(openpty(&screen_, &terminal_, nullptr, nullptr, &size), 0);
    progress_ = MakeProgressOn(terminal_, {.live = true}, 10, &clock_);
    clock_.AwaitWaiters(1);
  }
  ~LiveProgressTest() override {
    progress_.reset();
    close(terminal_);
    close(screen_);
  }

  // What was drawn last: the text after the last "clear the line".
  std::string LastLine() {
    const std::string text = ReadAvailable(screen_);
    const size_t clear = text.rfind("\x1b[K");
    return clear == std::string::npos ? "" : text.substr(clear + 3);
  }
  // Lets time pass for the drawing thread and waits until it draws a line that ends in `end`.
  // Returns what was drawn last; that is without the end after ten seconds.
  std::string LineAfter(absl::Duration duration, const std::string& end) {
    clock_.Advance(duration);
    std::string text;
    pollfd ready{screen_, POLLIN, 0};
    while (!absl::EndsWith(text, end) && poll(&ready, 1, 10000) == 1) {
      text += ReadAvailable(screen_);
    }
    const size_t clear = text.rfind("\x1b[K");
    return clear == std::string::npos ? "" : text.substr(clear + 3);
  }

  int screen_ = -1;
  int terminal_ = -1;
  ManualClock clock_;
  std::unique_ptr<Progress> progress_;
};

TEST_F(LiveProgressTest, ShowsBarFiguresAndPhase) {
  Open(120);
  progress_->StartStage("grpo", 0, 4);
  EXPECT_THAT(LastLine(), StartsWith("grpo ------"));
  clock_.Advance(absl::Seconds(3));
  progress_->Step(1, GrpoStep(1));
  progress_->Phase("sampling");
  const std::string line = LineAfter(absl::Milliseconds(100), "sampling");
  EXPECT_THAT(line, StartsWith("grpo ########----"));
  EXPECT_THAT(line, HasSubstr(" 1/4  reward 0.41  accuracy 0.38  length 96  18.2k tok/s  eta 9s"));
  EXPECT_THAT(line, EndsWith("sampling"));
}

TEST_F(LiveProgressTest, DrawsAtMostTenTimesASecond) {
  Open(120);
  progress_->StartStage("grpo", 0, 1000);
  ReadAvailable(screen_);
  for (int i = 0; i < 1000; ++i) progress_->Phase("rollout");
  EXPECT_THAT(ReadAvailable(screen_), IsEmpty());
  EXPECT_THAT(LineAfter(absl::Milliseconds(100), "rollout"), EndsWith("rollout"));
}

TEST_F(LiveProgressTest, FitsTheWidth) {
  Open(40);
  progress_->StartStage("grpo", 0, 80);
  clock_.Advance(absl::Seconds(1));
  progress_->Step(1, GrpoStep(1));
  const std::string line = LineAfter(absl::Seconds(1), "reward 0.41");
  EXPECT_LT(line.size(), 40u);
  EXPECT_THAT(line, EndsWith("reward 0.41"));
}

TEST_F(LiveProgressTest, SurvivesAVeryNarrowTerminal) {
  Open(6);
  progress_->StartStage("grpo", 0, 80);
  EXPECT_LT(LastLine().size(), 6u);
}

TEST_F(LiveProgressTest, WordsStandAboveTheLiveLine) {
  Open(80);
  progress_->StartStage("sft", 0, 2);
  ReadAvailable(screen_);
  progress_->Say("held-out accuracy 0.31");
  const std::string text = ReadAvailable(screen_);
  EXPECT_THAT(text, StartsWith("\r\x1b[Kheld-out accuracy 0.31\r\n\r\x1b[Ksft"));
}

TEST_F(LiveProgressTest, AFinishedStageStaysOnTheScreen) {
  Open(80);
  progress_->StartStage("sft", 0, 1);
  progress_->Step(1, {1, "sft", 1, {{"loss", 0.5}}});
  EXPECT_THAT(LastLine(), EndsWith("1/1  loss 0.500\r\n"));
}

class StyleTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(openpty(&screen_, &terminal_, nullptr, nullptr, nullptr), 0); }
  void TearDown() override {
    close(terminal_);
    close(screen_);
    unsetenv("NO_COLOR");
  }
  int screen_ = -1;
  int terminal_ = -1;
};

TEST_F(StyleTest, ATerminalIsLiveAndNoColorIsRespected) {
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  EXPECT_TRUE(DetectProgressStyle(terminal_).live);
  EXPECT_TRUE(DetectProgressStyle(terminal_).color);
  setenv("NO_COLOR", "1", 1);
  EXPECT_TRUE(DetectProgressStyle(terminal_).live);
  EXPECT_FALSE(DetectProgressStyle(terminal_).color);
}

TEST_F(StyleTest, ADumbTerminalGetsPlainLines) {
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(DetectProgressStyle(terminal_).live);
}

TEST(Format, EtaAndRate) {
  EXPECT_EQ(FormatEta(-3), "0s");
  EXPECT_EQ(FormatEta(42), "42s");
  EXPECT_EQ(FormatEta(250), "4m10s");
  EXPECT_EQ(FormatEta(7530), "2h05m");
  EXPECT_EQ(FormatEta(273600), "3d04h");
  EXPECT_EQ(FormatRate(950), "950");
  EXPECT_EQ(FormatRate(18200), "18.2k");
  EXPECT_EQ(FormatRate(1.25e6), "1.25M");
}

}  // namespace
}  // namespace hone
