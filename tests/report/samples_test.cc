#include "report/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

RolloutRecord Sample(const std::string& prompt, int index, const std::string& outcome,
                     uint64_t prompt_id) {
  RolloutRecord record;
  record.prompt = prompt;
  record.sample_index = index;
  record.outcome = outcome;
  record.prompt_id = prompt_id;
  return record;
}

TEST(PairProblems, MatchesProblemsNotDraws) {
  RolloutSet before{60, "heldout", {Sample("a", 1, "correct", 1), Sample("a", 0, "incorrect", 1)}};
  RolloutSet after{120, "heldout", {Sample("b", 0, "correct", 8), Sample("a", 0, "correct", 9)}};
  const std::vector<ProblemPair> pairs = PairProblems(before, after);
  ASSERT_EQ(pairs.size(), 1u);
  ASSERT_EQ(pairs[0].before.size(), 2u);
  EXPECT_EQ(pairs[0].before[0]->sample_index, 0);
  EXPECT_EQ(pairs[0].after[0]->prompt_id, 9u);
  EXPECT_EQ(CompareFirstSamples(pairs).wrong_to_right.size(), 1u);
}

TEST(CompareFirstSamples, SortsIntoFourKinds) {
  RolloutSet before{1, "heldout", {}}, after{2, "heldout", {}};
  for (const auto& [prompt, was, is] : {std::tuple{"a", "incorrect", "correct"},
                                        {"b", "correct", "correct"},
                                        {"c", "correct", "unparseable"},
                                        {"d", "timeout", "incorrect"},
                                        {"e", "unparseable", "incorrect"}}) {
    before.records.push_back(Sample(prompt, 0, was, 1));
    after.records.push_back(Sample(prompt, 0, is, 1));
  }
  const std::vector<ProblemPair> pairs = PairProblems(before, after);
  const Changes changes = CompareFirstSamples(pairs);
  EXPECT_EQ(changes.wrong_to_right.size(), 1u);
  EXPECT_EQ(changes.right_to_right.size(), 1u);
  EXPECT_EQ(changes.right_to_wrong.size(), 1u);
  EXPECT_EQ(changes.wrong_to_wrong.size(), 2u);
}

TEST(RenderCompletion, MarksTriesAndTheAnswer) {
  EXPECT_EQ(RenderCompletion("\n3+5=8~24x\n3*8=24~24!\n</think> <answer>3*8</answer>\n", 1000),
            "<span class=\"fail\">3+5=8~24x</span>\n"
            "<span class=\"ok\">3*8=24~24!</span>\n"
            "<i>&lt;/think&gt;</i> <i>&lt;answer&gt;</i><b class=\"answer\">3*8</b>"
            "<i>&lt;/answer&gt;</i>");
}

TEST(RenderCompletion, StaysBalancedForAnyText) {
  EXPECT_EQ(RenderCompletion("</answer> <answer><b>", 1000),
            "<i>&lt;/answer&gt;</i> <i>&lt;answer&gt;</i>&lt;b&gt;");
  EXPECT_EQ(RenderCompletion("", 1000), "");
  EXPECT_EQ(RenderCompletion("</pre><script>1x", 1000),
            "<span class=\"fail\">&lt;/pre&gt;&lt;script&gt;1x</span>");
}

TEST(RenderCompletion, CutsWhatIsLong) {
  const std::string text = RenderCompletion(std::string(5000, 'a'), 4000);
  EXPECT_LT(text.size(), 4100u);
  EXPECT_THAT(text, EndsWith("1,000 bytes left out</i>"));
}

TEST(RenderBeforeAfter, PrefersCorrectedTriesAndAddsOneStillWrong) {
  RunData run;
  run.before.emplace(RolloutSet{60, "heldout", {}});
  run.after.emplace(RolloutSet{120, "heldout", {}});
  for (int i = 0; i < 20; ++i) {
    const std::string prompt = "problem " + std::to_string(i) + ".";
    run.before->records.push_back(Sample(prompt, 0, "incorrect", i));
    RolloutRecord record = Sample(prompt, 0, i < 10 ? "correct" : "incorrect", i);
    record.completion = i == 3 || i == 7 ? "1~3x\n3~3!\n" : "3~3!\n";
    run.after->records.push_back(record);
  }
  const std::string html = RenderBeforeAfter(run);
  EXPECT_THAT(html, HasSubstr("Of 20 held-out problems"));
  EXPECT_THAT(html, HasSubstr("10 from wrong to right"));
  EXPECT_THAT(html, HasSubstr("problem 3."));
  EXPECT_THAT(html, HasSubstr("problem 7."));
  EXPECT_THAT(html, HasSubstr("problem 10."));
  EXPECT_THAT(html, Not(HasSubstr("problem 11.")));
}

// Four samples of one problem and one of another, with the rewards 0 … 3 and 2.5.
std::vector<RolloutRecord> FiveSamples() {
  std::vector<RolloutRecord> records;
  for (int i = 0; i < 4; ++i) {
    records.push_back(Sample("same", i, "correct", 1));
    records.back().reward = i;
  }
  records.push_back(Sample("other", 0, "incorrect", 2));
  records.back().reward = 2.5;
  return records;
}

std::vector<double> Rewards(const std::vector<const RolloutRecord*>& records) {
  std::vector<double> rewards;
  for (const RolloutRecord* record : records) rewards.push_back(record->reward);
  return rewards;
}

TEST(HighestRewards, AreThoseOfDifferentProblems) {
  EXPECT_THAT(Rewards(HighestRewards(FiveSamples())), ElementsAre(3, 2.5));
  EXPECT_THAT(Rewards(LowestRewards(FiveSamples())), ElementsAre(0, 2.5));
  EXPECT_THAT(HighestRewards({}), IsEmpty());
}

TEST(HighestRewards, AreThreeAndOfEqualOnesTheFirst) {
  std::vector<RolloutRecord> records;
  for (int i = 0; i < 6; ++i) {
    records.push_back(Sample("problem " + std::to_string(i), 0, "correct", i));
    records.back().reward = i == 0 ? std::nan("") : i == 5 ? 2 : 1;
  }
  EXPECT_THAT(HighestRewards(records), ElementsAre(&records[5], &records[1], &records[2]));
  EXPECT_THAT(LowestRewards(records), ElementsAre(&records[1], &records[2], &records[3]));
}

TEST(RenderHighest, ShowsWhatWasPaidAndWhy) {
  RunData run;
  run.experiment.emplace();
  GrpoStage& grpo = run.experiment->stages.emplace_back().grpo.emplace();
  grpo.steps = 9;
  grpo.reward.resize(2);
  grpo.reward[0].name = "math";
  grpo.reward[1].name = "format";
  grpo.reward[1].weight = 0.1;
  RolloutSummary& summary = run.summaries.emplace_back();
  summary.step = 9;
  RolloutRecord record = Sample("What is <2>?", 0, "correct", 1);
  record.step = 9;
  record.completion = "It is </pre>.";
  record.reward = 1.05;
  record.components = {1, 0.5};
  record.detail = "found <4>";
  summary.highest = {record};
  const std::string html = RenderHighest(run);
  EXPECT_THAT(html, HasSubstr("<details class=\"step\" id=\"step-9\"><summary>Step 9: 1.05<"));
  EXPECT_THAT(html, HasSubstr("What is &lt;2&gt;?"));
  EXPECT_THAT(html, HasSubstr("It is &lt;/pre&gt;."));
  EXPECT_THAT(html, HasSubstr("✓ correct"));
  EXPECT_THAT(html, HasSubstr("reward 1.05 = math 1 + 0.1 × format 0.5<"));
  EXPECT_THAT(html, HasSubstr("found &lt;4&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("worth a look")));
  run.jumps = {{9, "reward/format jumps", "0.1", "0.9"}};
  EXPECT_THAT(RenderHighest(run), HasSubstr("id=\"step-9\" open><summary>Step 9: 1.05 · worth"));
}

TEST(RenderLowest, ShowsTheLastStep) {
  RunData run;
  EXPECT_EQ(RenderLowest(run), "");
  run.last.emplace(RolloutSet{9, "train", FiveSamples()});
  const std::string html = RenderLowest(run);
  EXPECT_THAT(html, HasSubstr("Step 9"));
  EXPECT_THAT(html, HasSubstr("reward 0<"));
  EXPECT_THAT(html, HasSubstr("reward 2.5<"));
  EXPECT_THAT(html, Not(HasSubstr("reward 1<")));
}

}  // namespace
}  // namespace hone
