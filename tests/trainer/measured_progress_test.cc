#include "trainer/measured_progress.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Recorder : public Progress {
 public:
  explicit Recorder(std::vector<std::string>* calls) : calls_(*calls) {}
  void StartStage(const std::string& stage, int64_t done, int64_t total) override {
    calls_.push_back(absl::StrCat("stage ", stage, " ", done, "/", total));
  }
  void Phase(const std::string& what) override { calls_.push_back("phase " + what); }
  void Step(int64_t done, const StepMetrics& metrics) override {
    calls_.push_back(absl::StrCat("step ", done, " of run ", metrics.step));
  }
  void Say(const std::string& line) override { calls_.push_back("say " + line); }

 private:
  std::vector<std::string>& calls_;
};

TEST(MeasuredProgress, ShowsAndMeasuresEveryStep) {
  std::vector<std::string> calls;
  MetricsRegistry registry;
  const auto progress = MeasureProgress(std::make_unique<Recorder>(&calls), &registry);
  progress->StartStage("grpo", 2, 10);
  progress->Phase("rollout");
  EXPECT_THAT(registry.Text(), HasSubstr("\nhone_trainer_stage_step 2\n"));
  progress->Step(3, {.step = 13,
                     .stage = "grpo",
                     .policy_version = 12,
                     .values = {{"reward_mean", 0.25}, {"reward/math", 1}}});
  progress->Say("done");
  EXPECT_THAT(calls,
              ElementsAre("stage grpo 2/10", "phase rollout", "step 3 of run 13", "say done"));
  const std::string text = registry.Text();
  for (const std::string line :
       {"hone_trainer_step 13", "hone_trainer_policy_version 12", "hone_trainer_stage_step 3",
        "hone_trainer_stage_steps 10", "hone_step_reward_mean 0.25", "hone_step_reward_math 1"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat("\n", line, "\n")));
  }
}

}  // namespace
}  // namespace hone
