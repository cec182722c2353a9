#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/str_split.h"
#include "config/load.h"
#include "config/scalar.h"

namespace hone {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// Every kind of field away from its default.
Experiment Sample() {
  Experiment e;
  e.name = "123";  // a string that looks like a number
  e.seed = std::numeric_limits<uint64_t>::max();
  e.model.init.emplace().rope_theta = 1e6;
  e.model.init->tie_word_embeddings = false;
  e.model.tokenizer.kind = "bpe";
  e.stages.resize(2);
  DataSpec& data = e.stages[0].sft.emplace().source.data.emplace();
  data.path = "x.jsonl";
  data.completion_field = "text";
  data.answer_after = "####";
  data.filters = {{"level", "5"}, {"a.b", "true"}};
  e.stages[0].sft->optimizer.lr = 0.1 + 0.2;
  e.stages[0].sft->optimizer.schedule = "cosine";
  GrpoStage& grpo = e.stages[1].grpo.emplace();
  grpo.reward = {{{"countdown"}, 1.0}, {{"format"}, -1e-300}};
  grpo.algorithm.std_epsilon = 5e-324;
  grpo.source.task.emplace().countdown.min_target = 7;
  grpo.algorithm.dual_clip = 3.0;
  grpo.algorithm.log_ratio_limit.reset();
  e.resources.rollout.workers = 3;
  return e;
}

TEST(ToYaml, ReadsBackAsTheSame) {
  const Experiment e = Sample();
  const auto again = ParseExperiment(ToYaml(e), "f.yaml", {});
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << ToYaml(e);
  EXPECT_TRUE(*again == e);
  EXPECT_EQ(ToYaml(*again), ToYaml(e));
}

TEST(ToYaml, ReadsBackStringsOfAllKinds) {
  for (const std::string path : {"/models/qwen3-0.6b",
                                 "a b",
                                 " lead",
                                 "trail ",
                                 "a: b",
                                 "# x",
                                 "a #b",
                                 "\"q\"",
                                 "it's",
                                 "null",
                                 "~",
                                 "yes",
                                 "1e3",
                                 ".5",
                                 "-",
                                 "- a",
                                 "{a",
                                 "[",
                                 "&a",
                                 "*a",
                                 "!t",
                                 "%x",
                                 "@x",
                                 "`",
                                 "\\n",
                                 "a\nb",
                                 "tab\there",
                                 "é…😀",
                                 "\x7f",
                                 "?",
                                 "|",
                                 ">",
                                 ".inf",
                                 "0x10",
                                 "...",
                                 "---",
                                 "é",
                                 "a,b"}) {
    Experiment e = Sample();
    e.model.init.reset();
    e.model.path = path;
    const auto again = ParseExperiment(ToYaml(e), "f.yaml", {});
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << path;
    EXPECT_EQ(again->model.path, path);
    EXPECT_TRUE(*again == e);
  }
}

TEST(ToYaml, PrintsEveryFieldInOrder) {
  const std::string text = ToYaml(Sample());
  EXPECT_THAT(text, ::testing::StartsWith("name: \"123\"\nseed: 18446744073709551615\nmodel:\n"
                                          "  path: \"\"\n  init:\n    architecture: qwen3\n"));
  EXPECT_THAT(text, HasSubstr("stages:\n  - sft:\n      data:\n        path: x.jsonl\n"));
  EXPECT_THAT(text,
              HasSubstr("        filters:\n          - field: level\n            equals: \"5\"\n"));
  EXPECT_THAT(text,
              HasSubstr("  - grpo:\n      task:\n        name: countdown\n        num_numbers"));
  EXPECT_EQ(text.find("gsm8k"), std::string::npos);  // other tasks' keys are not printed
  EXPECT_THAT(text, HasSubstr("      reward:\n        - name: countdown\n          weight: 1.0\n"
                              "        - name: format\n          weight: -1.0e-300\n"));
  EXPECT_THAT(text, HasSubstr("        lr: 0.30000000000000004\n"));
  EXPECT_THAT(text, HasSubstr("        dual_clip: 3.0\n"));
  EXPECT_THAT(text, HasSubstr("        log_ratio_limit: null\n"));
  EXPECT_THAT(text, HasSubstr("resources:\n  trainer:\n    ranks: 1\n"));
}

TEST(WriteScalar, DoublesAreShortAndAlwaysFloats) {
  EXPECT_EQ(WriteScalar(1.0), "1.0");
  EXPECT_EQ(WriteScalar(0.1), "0.1");
  EXPECT_EQ(WriteScalar(1e-6), "1.0e-06");
  EXPECT_EQ(WriteScalar(1e22), "1.0e+22");
  EXPECT_EQ(WriteScalar(-2.5), "-2.5");
  for (double value :
       {0.1 + 0.2, 1e-300, 5e-324, 1.7976931348623157e308, 1.0 / 3, -0.0, 123456789.0}) {
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.text = WriteScalar(value);
    double again = 7;
    ASSERT_TRUE(ReadScalar(node, &again).ok()) << node.text;
    EXPECT_EQ(again, value);
    EXPECT_EQ(std::signbit(again), std::signbit(value));
  }
}

TEST(ExperimentHash, CoversWhatDeterminesTheResult) {
  const Experiment e = Sample();
  EXPECT_EQ(ExperimentHash(e).size(), 64u);
  Experiment same = e;
  same.resources.rollout.workers = 8;
  same.checkpoint.every_steps = 1;
  EXPECT_EQ(ExperimentHash(same), ExperimentHash(e));
  Experiment other_seed = e;
  other_seed.seed = 1;
  EXPECT_NE(ExperimentHash(other_seed), ExperimentHash(e));
  Experiment other_lr = e;
  other_lr.stages[0].sft->optimizer.lr = 0.3;
  EXPECT_NE(ExperimentHash(other_lr), ExperimentHash(e));
}

TEST(DescribeKeys, ListsEveryKeyWithDefaultAndMeaning) {
  const std::string text = DescribeKeys();
  EXPECT_THAT(text, ContainsRegex("\nseed +7 +of everything random"));
  EXPECT_THAT(text, ContainsRegex("\nstages.N.grpo.optimizer.lr +1.0e-04 +peak learning rate"));
  EXPECT_THAT(text, ContainsRegex("\nmodel.init.hidden_size +128 +width of the residual"));
  EXPECT_THAT(text, ContainsRegex("\nstages.N.grpo.reward.N.weight +1.0 +factor"));
  EXPECT_THAT(text, ContainsRegex("\nstages.N.grpo.algorithm.dual_clip +null +clip: bound"));
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    EXPECT_THAT(std::string(line), Not(::testing::EndsWith(" ")));
  }
}

}  // namespace
}  // namespace hone
