#include "report/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace hone {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
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

TEST(RenderExtremes, FoldsBothEndsOneSampleAProblem) {
  RunData run;
  run.last.emplace(RolloutSet{9, "train", {}});
  for (int i = 0; i < 4; ++i) {
    RolloutRecord record = Sample("same", i, "correct", 1);
    record.reward = i;
    run.last->records.push_back(record);
  }
  const std::string html = RenderExtremes(run);
  EXPECT_THAT(html, HasSubstr("Highest rewards of step 9"));
  EXPECT_THAT(html, HasSubstr("reward 3"));
  EXPECT_THAT(html, HasSubstr("reward 0"));
  EXPECT_THAT(html, Not(HasSubstr("reward 2")));
}

}  // namespace
}  // namespace hone
