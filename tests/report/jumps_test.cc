#include "report/jumps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "report/run_data.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using Curve = std::function<double(int step)>;
using Curves = std::vector<std::pair<std::string, Curve>>;

Curve Constant(double value) {
  return [value](int) { return value; };
}

// `before` up to the step, then `after`.
Curve StepAt(int step, double before, double after) {
  return [=](int s) { return s < step ? before : after; };
}

// From `from` at step 1 to `to` at the last of `steps`.
Curve Ramp(int steps, double from, double to) {
  return [=](int s) { return from + (to - from) * (s - 1) / (steps - 1); };
}

RunData MakeRun(int steps, const Curves& curves) {
  RunData run;
  for (int step = 1; step <= steps; ++step) {
    StepMetrics& line = run.metrics.emplace_back(StepMetrics{step, "grpo", 1, {}});
    bool has_accuracy = false;
    for (const auto& [name, curve] : curves) {
      line.values.emplace_back(name, curve(step));
      has_accuracy |= name == "accuracy";
    }
    if (!has_accuracy) line.values.emplace_back("accuracy", 0.5);
  }
  return run;
}

TEST(FindJumps, NamesTheStepAtWhichATermMoves) {
  const RunData run = MakeRun(60, {{"reward/math", Constant(0.4)},
                                   {"reward/format", StepAt(31, 0.2, 0.9)},
                                   {"reward/length", StepAt(41, -0.1, -0.6)}});
  EXPECT_THAT(FindJumps(run), ElementsAre(Jump{31, "reward/format jumps", "0.2", "0.9"},
                                          Jump{41, "reward/length drops", "−0.1", "−0.6"}));
}

TEST(FindJumps, WatchesWhatTheVerifierCouldNotJudgeAndTheLength) {
  const RunData run = MakeRun(30, {{"outcome/unparseable", StepAt(10, 0, 0.2)},
                                   {"outcome/timeout", StepAt(11, 0, 0.2)},
                                   {"outcome/error", StepAt(12, 0, 0.2)},
                                   {"response_length_mean", StepAt(13, 100, 60)}});
  const std::vector<Jump> jumps = FindJumps(run);
  ASSERT_THAT(jumps, SizeIs(4));
  EXPECT_EQ(jumps[0].what, "outcome/unparseable jumps");
  EXPECT_EQ(jumps[2].step, 12);
  EXPECT_EQ(jumps[3], (Jump{13, "response_length_mean drops", "100", "60"}));
}

TEST(FindJumps, ASmallMoveIsBelowTheFloor) {
  EXPECT_THAT(FindJumps(MakeRun(60, {{"reward/math", StepAt(30, 0.4, 0.49)},
                                     {"response_length_mean", StepAt(30, 100, 124)}})),
              IsEmpty());
}

TEST(FindJumps, NoiseAndSteadyLearningAreNone) {
  const Curve noise = [](int s) { return 0.4 + 0.08 * std::sin(1.7 * s); };  // deviation 0.057
  EXPECT_THAT(FindJumps(MakeRun(200, {{"reward/math", noise}})), IsEmpty());
  EXPECT_THAT(FindJumps(MakeRun(20, {{"reward/math", Ramp(20, 0, 1)}})), IsEmpty());
  // The same height stands out of a quiet curve, but not of this one.
  const Curve jump = [&](int s) { return noise(s) + (s >= 100 ? 0.2 : 0); };
  EXPECT_THAT(FindJumps(MakeRun(200, {{"reward/math", jump}})), IsEmpty());
  EXPECT_THAT(FindJumps(MakeRun(200, {{"reward/math", StepAt(100, 0.4, 0.6)}})), SizeIs(1));
}

TEST(FindJumps, NeedsEightStepsBefore) {
  EXPECT_THAT(FindJumps(MakeRun(20, {{"reward/math", StepAt(8, 0, 1)}})), IsEmpty());
  EXPECT_THAT(FindJumps(MakeRun(20, {{"reward/math", StepAt(9, 0, 1)}})), SizeIs(1));
}

TEST(FindJumps, PassesOverWhatIsNotFinite) {
  const Curve gaps = [](int s) { return s % 2 == 0 ? std::nan("") : s < 30 ? 0.1 : 0.8; };
  EXPECT_THAT(FindJumps(MakeRun(60, {{"reward/math", gaps}})),
              ElementsAre(Jump{31, "reward/math jumps", "0.1", "0.8"}));
}

TEST(FindJumps, ATermThatRisesWhileAccuracyFalls) {
  const RunData run = MakeRun(60, {{"accuracy", Ramp(60, 0.6, 0.3)},
                                   {"reward/math", Ramp(60, 0.6, 0.3)},
                                   {"reward/format", Ramp(60, 0.2, 0.8)}});
  const std::vector<Jump> jumps = FindJumps(run);
  ASSERT_THAT(jumps, SizeIs(1));  // once, though it goes on
  EXPECT_EQ(jumps[0].what, "reward/format rose while accuracy fell");
  // The first pair of stretches of ten steps: far enough apart by themselves.
  EXPECT_EQ(jumps[0], (Jump{20, "reward/format rose while accuracy fell", "0.246 and 0.577",
                            "0.347 and 0.526"}));
}

TEST(FindJumps, ATrendMayComeLateAndAfterARise) {
  const Curve accuracy = [](int s) { return s <= 100 ? 0.2 + 0.003 * s : 0.5 - 0.001 * (s - 100); };
  const RunData run = MakeRun(
      300,
      {{"accuracy", accuracy}, {"reward/math", accuracy}, {"reward/format", Ramp(300, 0.1, 0.9)}});
  const std::vector<Jump> jumps = FindJumps(run);
  ASSERT_THAT(jumps, SizeIs(1));
  EXPECT_GT(jumps[0].step, 140);
  EXPECT_LT(jumps[0].step, 170);
}

TEST(FindJumps, TermsThatRiseWithAccuracyAreNone) {
  EXPECT_THAT(FindJumps(MakeRun(100, {{"accuracy", Ramp(100, 0.1, 0.9)},
                                      {"reward/math", Ramp(100, 0.1, 0.9)},
                                      {"reward/format", Ramp(100, 0.3, 1)},
                                      {"response_length_mean", Ramp(100, 100, 300)}})),
              IsEmpty());
}

TEST(FindJumps, AccuracyThatRisesWhileAnswersCollapse) {
  const std::vector<Jump> jumps = FindJumps(MakeRun(
      100, {{"accuracy", Ramp(100, 0.3, 0.9)}, {"response_length_mean", Ramp(100, 300, 50)}}));
  ASSERT_THAT(jumps, SizeIs(1));
  EXPECT_EQ(jumps[0].what, "accuracy rose while response_length_mean fell to half or less");
  // Without a rise of accuracy a fall of the length is the model's own affair.
  EXPECT_THAT(FindJumps(MakeRun(100, {{"response_length_mean", Ramp(100, 300, 50)}})), IsEmpty());
}

TEST(FindJumps, StagesAreLookedAtByThemselves) {
  RunData run = MakeRun(40, {{"reward/math", StepAt(21, 0.1, 0.9)}});
  EXPECT_THAT(FindJumps(run), SizeIs(1));
  run.experiment.emplace();
  run.experiment->stages.emplace_back().grpo.emplace().steps = 20;
  run.experiment->stages.emplace_back().grpo.emplace().steps = 20;
  EXPECT_THAT(FindJumps(run), IsEmpty());
}

TEST(FindJumps, IgnoresOtherStagesAndBareMeasurements) {
  RunData run = MakeRun(20, {{"reward/math", Constant(0.5)}});
  run.metrics.insert(run.metrics.begin(), {0, "grpo", 0, {{"heldout_accuracy", 0.1}}});
  run.metrics.push_back({21, "sft", 1, {{"accuracy", 0.1}, {"reward/math", 1.0}}});
  EXPECT_THAT(FindJumps(run), IsEmpty());
  EXPECT_THAT(FindJumps(RunData()), IsEmpty());
}

TEST(RenderJumps, ShowsTheFirstTwenty) {
  RunData run = MakeRun(3, {});
  for (int i = 1; i <= 23; ++i) run.jumps.push_back({i, "reward/<b> jumps", "0", "1"});
  const std::string html = RenderJumps(run);
  EXPECT_THAT(html, HasSubstr("reward/&lt;b&gt; jumps"));
  EXPECT_THAT(html, HasSubstr(">20</th>"));
  EXPECT_THAT(html, Not(HasSubstr(">21</th>")));
  EXPECT_THAT(html, HasSubstr("3 later ones are left out."));
  EXPECT_EQ(RenderJumps(RunData()), "");
}

}  // namespace
}  // namespace hone
