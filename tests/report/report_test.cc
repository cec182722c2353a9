#include "report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>

#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "report/run_data.h"
#include "report/summary.h"
#include "report/timings.h"
#include "tests/data/temp_folder.h"
#include "tests/report/synthetic_run.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr size_t kMaxBytes = 2 << 20;

// The first thing that is wrong with the tags of a page; "" when every one is closed in order.
std::string TagError(const std::string& html) {
  const std::vector<std::string> closed_by_itself = {"meta", "!DOCTYPE"};
  std::vector<std::string> open;
  for (size_t at = 0; (at = html.find('<', at)) != std::string::npos;) {
    const size_t end = html.find('>', at);
    if (end == std::string::npos) return "unfinished tag";
    std::string tag = html.substr(at + 1, end - at - 1);
    at = end + 1;
    if (absl::EndsWith(tag, "/")) continue;
    const bool closes = absl::StartsWith(tag, "/");
    const std::string name = tag.substr(closes, tag.find_first_of(" \n", closes) - closes);
    if (name.empty() || (name != "!DOCTYPE" && !absl::ascii_isalpha(name[0]))) return "tag " + tag;
    if (std::find(closed_by_itself.begin(), closed_by_itself.end(), name) !=
        closed_by_itself.end()) {
      continue;
    }
    if (!closes) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> stays open";
}

void ExpectSoundPage(const std::string& html) {
  EXPECT_EQ(TagError(html), "");
  EXPECT_THAT(html, Not(HasSubstr("http")));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<think>")));
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_LT(html.size(), kMaxBytes);
}

class ReportTest : public testing::Test {
 protected:
  RunFolder Folder(const std::string& name = "run") { return {temp_.File(name)}; }

  std::string Render(const RunFolder& folder) {
    const StatusOr<std::string> html = RenderReport({folder});
    EXPECT_TRUE(html.ok()) << html.status();
    if (!html.ok()) return "";
    ExpectSoundPage(*html);
    return *html;
  }

  void WriteMetrics(const RunFolder& folder, const std::vector<StepMetrics>& metrics) {
    ASSERT_TRUE(CreateRunFolder(folder).ok());
    const auto writer = MetricsWriter::Open(folder, 0);
    ASSERT_TRUE(writer.ok()) << writer.status();
    for (const StepMetrics& line : metrics) ASSERT_TRUE((*writer)->Write(line).ok());
  }

  TempFolder temp_;
};

TEST_F(ReportTest, AWholeRunHasAllSections) {
  WriteSyntheticRun(Folder(), {});
  ASSERT_TRUE(WriteReport(Folder()).ok());
  const std::string html = *ReadFile(Folder().report());
  ExpectSoundPage(html);
  for (const char* heading : {"Accuracy", "Watch it learn", "Learning to reflect", "Metrics",
                              "Reward by component", "Outcomes", "Worth a look", "Highest rewards",
                              "Lowest rewards", "Time", "Accounting", "Experiment"}) {
    EXPECT_THAT(html, HasSubstr("<h2>" + std::string(heading) + "</h2>"));
  }
  for (const char* panel : {"Rollout speed", "Rollout occupancy", "KV cache in use"}) {
    EXPECT_THAT(html, HasSubstr("<title>" + std::string(panel) + "</title>"));
  }
  EXPECT_THAT(html, HasSubstr("in 60 steps of reinforcement learning."));
  EXPECT_THAT(html, HasSubstr("0 at every step = exactly on-policy"));
  EXPECT_THAT(html, HasSubstr("&lt;/think&gt;"));
  EXPECT_THAT(html, HasSubstr("<span class=\"fail\">"));
  EXPECT_THAT(html, HasSubstr("<dd>balances"));
  EXPECT_THAT(html, Not(HasSubstr("class=\"warning\"")));
  EXPECT_THAT(html, Not(HasSubstr("not finished")));
}

TEST_F(ReportTest, TheHeadlineComparesWithTheStartOfReinforcementLearning) {
  WriteMetrics(Folder(), {{0, "sft", 0, {{"heldout_accuracy", 0.0}}},
                          {1, "sft", 1, {{"loss", 1.0}}},
                          {2, "sft", 2, {{"loss", 0.5}, {"heldout_accuracy", 0.27}}},
                          {2, "grpo", 2, {{"heldout_accuracy", 0.28}}},
                          {3, "grpo", 3, {{"accuracy", 0.5}, {"heldout_accuracy", 0.71}}}});
  const RunData run = LoadRun(Folder());
  ASSERT_THAT(run.stages, SizeIs(2));
  EXPECT_EQ(run.stages[1].first, 3);
  EXPECT_EQ(DescribeResult(run),
            "Held-out accuracy rose from 28.0% to 71.0% in 1 step of reinforcement learning.");
}

TEST_F(ReportTest, ARunInProgressSaysSo) {
  WriteSyntheticRun(Folder(), {.grpo_steps = 7, .planned_grpo_steps = 80});
  EXPECT_THAT(Render(Folder()), HasSubstr("not finished: grpo 7 of 80 steps"));
}

TEST_F(ReportTest, WithoutReinforcementLearningTheLossIsShown) {
  WriteSyntheticRun(Folder(), {.grpo_steps = 0});
  const std::string html = Render(Folder());
  EXPECT_THAT(html, HasSubstr("Fine-tuning loss"));
  EXPECT_THAT(html, HasSubstr("Held-out accuracy is "));
  EXPECT_THAT(html, Not(HasSubstr("Watch it learn")));
  EXPECT_THAT(html, Not(HasSubstr("Outcomes")));
  EXPECT_THAT(html, Not(HasSubstr("Worth a look")));
  EXPECT_THAT(html, Not(HasSubstr("Highest rewards")));
}

TEST_F(ReportTest, ASingleStep) {
  WriteSyntheticRun(Folder(), {.sft_steps = 0, .grpo_steps = 1, .planned_grpo_steps = 1});
  EXPECT_THAT(Render(Folder()), HasSubstr("<svg"));
}

TEST_F(ReportTest, AnEmptyFolderIsAPageThatSaysWhatIsMissing) {
  ASSERT_TRUE(CreateRunFolder(Folder()).ok());
  const std::string html = Render(Folder());
  EXPECT_THAT(html, HasSubstr("No step is finished yet."));
  EXPECT_THAT(html, HasSubstr("experiment.yaml"));
  EXPECT_FALSE(FileExists(Folder().ledger()));  // reading makes nothing
}

TEST_F(ReportTest, NoFolderIsAnError) {
  EXPECT_EQ(RenderReport({Folder("absent")}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RenderReport({}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ReportTest, DamagedPartsAreNamedAndTheRestIsShown) {
  WriteSyntheticRun(Folder(), {.sft_steps = 2, .grpo_steps = 3, .planned_grpo_steps = 3});
  const std::string broken = Folder().rollouts() + "/step-000004.train.jsonl.zst";
  ASSERT_TRUE(WriteFileAtomically(broken, "not zstandard").ok());
  ASSERT_TRUE(WriteFileAtomically(Folder().experiment(), "stages: 3\n").ok());
  const std::string html = Render(Folder());
  EXPECT_THAT(html, HasSubstr("step-000004.train.jsonl.zst"));
  EXPECT_THAT(html, HasSubstr("experiment.yaml"));
  EXPECT_THAT(html, HasSubstr("<h2>Outcomes</h2>"));
}

TEST_F(ReportTest, NotANumberIsAGap) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  WriteMetrics(Folder(), {{1, "grpo", 1, {{"reward_mean", nan}, {"seconds", nan}}},
                          {2, "grpo", 2, {{"reward_mean", 0.5}, {"entropy", nan}}}});
  const std::string html = Render(Folder());
  EXPECT_THAT(html, HasSubstr("<h3>Reward</h3>"));
  EXPECT_THAT(html, Not(HasSubstr("<h3>Entropy</h3>")));
}

TEST_F(ReportTest, ThousandsOfStepsStaySmall) {
  std::vector<StepMetrics> metrics;
  for (int step = 1; step <= 5000; ++step) {
    StepMetrics m{step, step <= 1000 ? "sft" : "grpo", 1, {}};
    for (const char* name :
         {"reward_mean", "reward_std", "accuracy", "format_rate", "entropy", "response_length_mean",
          "truncated_rate", "kl", "grad_norm", "lr", "loss", "tokens", "seconds"}) {
      m.values.emplace_back(name, 0.3 + 0.001 * (step * 7919 % 101));
    }
    metrics.push_back(std::move(m));
  }
  WriteMetrics(Folder(), metrics);
  EXPECT_LT(Render(Folder()).size(), 600u << 10);
}

TEST_F(ReportTest, ReadsTheRolloutsOfEveryStepAndOfLargeOnesSomeSpreadOverTheRun) {
  WriteSyntheticRun(Folder(), {.sft_steps = 1,
                               .grpo_steps = 100,
                               .planned_grpo_steps = 100,
                               .prompts_per_step = 1,
                               .samples_per_prompt = 1});
  EXPECT_THAT(LoadRun(Folder()).summaries, SizeIs(100));
  const RunData run = LoadRun(Folder(), /*rollout_bytes=*/1);
  ASSERT_THAT(run.summaries, SizeIs(64));
  EXPECT_EQ(run.summaries.front().step, 2);
  EXPECT_EQ(run.summaries.back().step, 101);
  EXPECT_EQ(run.last->step, 101);
  EXPECT_EQ(run.before->step, 1);
  EXPECT_EQ(run.after->step, 101);
}

// 100 steps whose format term jumps at the 61st, which is not among 64 spread over them.
std::vector<StepMetrics> JumpAt61() {
  std::vector<StepMetrics> metrics;
  for (int step = 1; step <= 100; ++step) {
    metrics.push_back({step,
                       "grpo",
                       1,
                       {{"accuracy", 0.5},
                        {"reward/math", 0.5},
                        {"reward/<b>", step < 61 ? 0.25 : 0.75},
                        {"outcome/correct", 0.5},
                        {"outcome/incorrect", 0.3},
                        {"outcome/unparseable", 0.15},
                        {"outcome/timeout", 0.05},
                        {"outcome/error", 0.0}}});
  }
  return metrics;
}

TEST_F(ReportTest, TheSamplesOfAStepThatIsWorthALookAreReadAndLinked) {
  const RunFolder folder = Folder();
  WriteMetrics(folder, JumpAt61());
  for (int step = 1; step <= 100; ++step) {
    RolloutRecord record;
    record.step = step;
    record.split = "train";
    record.prompt = absl::StrCat("prompt of ", step);
    record.outcome = "incorrect";
    ASSERT_TRUE(WriteRollouts(folder, step, "train", {record}).ok());
  }
  const std::string html = Render(folder);
  EXPECT_THAT(html, HasSubstr("<a href=\"#step-61\">61</a></th><td>reward/&lt;b&gt; jumps</td>"
                              "<td>0.25</td><td>0.75</td>"));
  EXPECT_THAT(html, HasSubstr("<details class=\"step\" id=\"step-61\" open>"));
  EXPECT_THAT(html, HasSubstr("prompt of 61<"));
  EXPECT_THAT(html, HasSubstr("<details class=\"step\" id=\"step-100\"><summary>"));
  EXPECT_THAT(html, HasSubstr("prompt of 58<"));
  const auto is_58 = [](const RolloutSummary& summary) { return summary.step == 58; };
  const auto is_61 = [](const RolloutSummary& summary) { return summary.step == 61; };
  const std::vector<RolloutSummary> some = LoadRun(folder, /*rollout_bytes=*/1).summaries;
  EXPECT_TRUE(std::none_of(some.begin(), some.end(), is_58));
  EXPECT_TRUE(std::any_of(some.begin(), some.end(), is_61));
}

TEST_F(ReportTest, WithoutRolloutsAStepIsNamedWithoutALink) {
  WriteMetrics(Folder(), JumpAt61());
  const std::string html = Render(Folder());
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">61</th>"));
  EXPECT_THAT(html, Not(HasSubstr("href")));
  // The terms share a chart with a legend; the outcomes come from the metrics, none left out.
  EXPECT_THAT(html, HasSubstr("<h2>Reward by component</h2>"));
  EXPECT_THAT(html, HasSubstr("</span>&lt;b&gt;</li>"));
  EXPECT_THAT(html, HasSubstr("<li class=\"timeout\">"));
  EXPECT_THAT(html, Not(HasSubstr("<li class=\"error\">")));  // never above 0
}

TEST_F(ReportTest, NothingWorthALookIsSaid) {
  std::vector<StepMetrics> metrics = JumpAt61();
  metrics.resize(50);
  WriteMetrics(Folder(), metrics);
  EXPECT_THAT(Render(Folder()), HasSubstr("None of the rules finds anything in this run."));
}

TEST_F(ReportTest, CompletionsMayHoldAnything) {
  const RunFolder folder = Folder();
  ASSERT_TRUE(CreateRunFolder(folder).ok());
  for (const int64_t step : {1, 2}) {
    RolloutRecord record;
    record.step = step;
    record.split = "heldout";
    record.prompt = "</pre></main><script>alert(1)</script>";
    record.completion = absl::StrCat("<think>\x01 http \"'&\xF0\x9F\x99\x82 <answer><answer>",
                                     std::string(1 << 20, '<'));
    record.outcome = step == 2 ? "correct" : "a new kind";
    record.detail = "<b>";
    ASSERT_TRUE(WriteRollouts(folder, step, "heldout", {record}).ok());
  }
  const StatusOr<std::string> html = RenderReport({folder});
  ASSERT_TRUE(html.ok()) << html.status();
  EXPECT_EQ(TagError(*html), "");
  EXPECT_THAT(*html, Not(HasSubstr("<script")));
  EXPECT_LT(html->size(), kMaxBytes);
}

TEST_F(ReportTest, WithoutTriesThereIsNothingToReflectOn) {
  const RunFolder folder = Folder();
  ASSERT_TRUE(CreateRunFolder(folder).ok());
  RolloutRecord record;
  record.step = 1;
  record.split = "train";
  record.completion = "the answer is 3";
  record.outcome = "incorrect";
  ASSERT_TRUE(WriteRollouts(folder, 1, "train", {record}).ok());
  const std::string html = Render(folder);
  EXPECT_THAT(html, Not(HasSubstr("Learning to reflect")));
  EXPECT_THAT(html, HasSubstr("<h2>Outcomes</h2>"));
}

TEST_F(ReportTest, SeveralRunsShareTheirCharts) {
  WriteSyntheticRun(Folder("a"), {.grpo_steps = 20, .planned_grpo_steps = 20});
  WriteSyntheticRun(Folder("b"),
                    {.seed = 8, .grpo_steps = 20, .planned_grpo_steps = 20, .lr = 3e-4});
  ASSERT_TRUE(CreateRunFolder(Folder("empty")).ok());
  const StatusOr<std::string> html = RenderReport({Folder("a"), Folder("b"), Folder("empty")});
  ASSERT_TRUE(html.ok()) << html.status();
  ExpectSoundPage(*html);
  EXPECT_THAT(*html, HasSubstr("<h1>3 runs</h1>"));
  EXPECT_THAT(*html, HasSubstr("countdown (2)"));
  EXPECT_THAT(*html, HasSubstr("What differs"));
  EXPECT_THAT(*html, HasSubstr("stages.1.grpo.optimizer.lr"));
  EXPECT_THAT(*html, Not(HasSubstr("Watch it learn")));
  EXPECT_THAT(*html, HasSubstr("<h3>reward/format</h3>"));
}

TEST_F(ReportTest, WhatAllNamesBeginWithIsLeftOut) {
  ASSERT_TRUE(CreateRunFolder(Folder("sweep-grpo-7")).ok());
  ASSERT_TRUE(CreateRunFolder(Folder("sweep-gspo-7")).ok());
  const StatusOr<std::string> html = RenderReport({Folder("sweep-grpo-7"), Folder("sweep-gspo-7")});
  ASSERT_TRUE(html.ok()) << html.status();
  EXPECT_THAT(*html, HasSubstr("<title>grpo-7, gspo-7"));
}

TEST_F(ReportTest, AnUnbalancedLedgerIsShown) {
  WriteSyntheticRun(Folder(), {.sft_steps = 0, .grpo_steps = 1, .planned_grpo_steps = 1});
  RunData run = LoadRun(Folder());
  ASSERT_TRUE(run.ledger.has_value());
  EXPECT_TRUE(run.ledger_balance.ok()) << run.ledger_balance;
  run.ledger_balance = absl::FailedPreconditionError("prompt <9>: 8 samples issued, 7 consumed");
  const std::string html = RenderAccounting({run});
  EXPECT_THAT(html, HasSubstr("does not balance"));
  EXPECT_THAT(html, HasSubstr("prompt &lt;9&gt;: 8 samples issued"));
}

TEST_F(ReportTest, TimeIsKeptByStageAndPhase) {
  WriteMetrics(Folder(), {{1, "sft", 1, {{"loss", 1}, {"seconds", 2}, {"learn_seconds", 2}}},
                          {1, "grpo", 1, {{"seconds", 5}, {"eval_seconds", 5}}},
                          {2, "grpo", 2, {{"lr", 1}, {"seconds", 4}, {"rollout_seconds", 3}}}});
  const std::vector<StageTime> stages = MeasureStages(LoadRun(Folder()));
  ASSERT_THAT(stages, SizeIs(2));
  EXPECT_EQ(stages[0].phases.size(), 1u);
  EXPECT_EQ(stages[1].num_steps, 1);
  EXPECT_EQ(stages[1].seconds, 9);
  ASSERT_THAT(stages[1].phases, SizeIs(3));
  EXPECT_EQ(stages[1].phases[2].name, "other");
  EXPECT_EQ(stages[1].phases[2].seconds, 1);
}

}  // namespace
}  // namespace hone
