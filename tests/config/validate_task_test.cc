#include "config/validate_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "config/load.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// An experiment whose two stages have these lines; overrides separated by spaces.
StatusOr<Experiment> Parse(const std::string& sft, const std::string& grpo,
                           const std::string& overrides = "") {
  const std::vector<std::string> list = absl::StrSplit(overrides, ' ', absl::SkipEmpty());
  return ParseExperiment(absl::StrCat("name: x\nmodel: {init: {}}\nstages:\n  - sft: {", sft,
                                      "}\n  - grpo: {reward: [number], ", grpo, "}\n"),
                         "f.yaml", list);
}

std::string ErrorOf(const std::string& sft, const std::string& grpo,
                    const std::string& overrides = "") {
  const auto experiment = Parse(sft, grpo, overrides);
  if (experiment.ok()) return "OK";
  EXPECT_TRUE(absl::IsInvalidArgument(experiment.status())) << experiment.status();
  return std::string(experiment.status().message());
}

constexpr char kTask[] = "task: countdown";
constexpr char kData[] = "data: {path: a.jsonl, completion_field: c}";

TEST(ValidateTask, ReadsTasksByNameWithTheirOwnKeys) {
  const auto experiment =
      Parse("task: {name: gsm8k, path: d, prompt_template: chat, system_prompt: be brief}",
            "data: {path: a.parquet, heldout_path: b.jsonl, filters: [{field: a.b, equals: 5}]}");
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  const SourceSpec& sft = experiment->stages[0].sft->source;
  EXPECT_EQ(sft.task->gsm8k.path, "d");
  EXPECT_EQ(sft.task->gsm8k.system_prompt, "be brief");
  const SourceSpec& grpo = experiment->stages[1].grpo->source;
  EXPECT_FALSE(grpo.task.has_value());
  EXPECT_EQ(grpo.data->filters[0].equals, "5");
  EXPECT_EQ(grpo.data->heldout_fraction, 0.05);
}

TEST(ValidateTask, ACodeRewardHasLimits) {
  const std::string data = "data: {path: a.jsonl, reward: {name: python, ";
  const auto experiment = Parse(kTask, data + "credit: all, time_seconds: 2, memory_mb: 64}}");
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  EXPECT_EQ(experiment->stages[1].grpo->source.data->reward.code.time_seconds, 2);
  EXPECT_THAT(ErrorOf(kTask, data + "credit: half}}"), HasSubstr("data.reward.credit"));
  EXPECT_THAT(ErrorOf(kTask, data + "time_seconds: 0}}"), HasSubstr("time_seconds"));
  EXPECT_THAT(ErrorOf(kTask, data + "time_seconds: 9, total_seconds: 8}}"),
              HasSubstr("total_seconds"));
  EXPECT_THAT(ErrorOf(kTask, data + "time_seconds: 9, wall_seconds: 8}}"),
              HasSubstr("wall_seconds"));
  EXPECT_THAT(ErrorOf(kTask, data + "memory_mb: 63}}"), HasSubstr("memory_mb"));
  EXPECT_THAT(ErrorOf(kTask, data + "output_mb: 0}}"), HasSubstr("output_mb"));
  EXPECT_THAT(ErrorOf(kTask, data + "float_tolerance: -0.1}}"), HasSubstr("float_tolerance"));
  EXPECT_THAT(ErrorOf(kTask, "data: {path: a.jsonl, reward: {name: number, time_seconds: 1}}"),
              HasSubstr("time_seconds"));
}

TEST(ValidateTask, WithoutASourceItIsCountdown) {
  const auto experiment = Parse("", "steps: 1");
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  EXPECT_EQ(experiment->stages[0].sft->source.task, TaskSpec());
}

TEST(ValidateTask, AKeyOfAnotherTaskIsAnError) {
  EXPECT_THAT(ErrorOf("task: {name: gsm8k, path: d, num_numbers: 3}", kTask),
              HasSubstr("unknown key `num_numbers` in stages.0.sft.task"));
  EXPECT_THAT(ErrorOf(kTask, "task: {path: d}"),
              HasSubstr("unknown key `path` in stages.1.grpo.task"));
  EXPECT_THAT(
      ErrorOf("task: {name: gsm8, path: d}", kTask),
      StartsWith("f.yaml:4:18: stages.0.sft.task.name has the unknown value `gsm8`; did you "
                 "mean `gsm8k`?"));
  EXPECT_THAT(ErrorOf(kTask, kTask, "stages.0.sft.task=gsm8k stages.0.sft.task.max_number=3"),
              HasSubstr("override `stages.0.sft.task.max_number=3`: unknown key `max_number`"));
  EXPECT_EQ(ErrorOf(kTask, kTask, "stages.0.sft.task=gsm8k stages.0.sft.task.path=d"), "OK");
}

TEST(ValidateTask, SaysWhatIsMissing) {
  EXPECT_THAT(ErrorOf("task: gsm8k", kTask), HasSubstr("stages.0.sft.task.path is missing"));
  EXPECT_THAT(ErrorOf(absl::StrCat(kTask, ", ", kData), kTask),
              HasSubstr("stages.0.sft.data excludes task"));
  EXPECT_THAT(ErrorOf("data: {}", kTask), HasSubstr("stages.0.sft.data.path is missing"));
  EXPECT_THAT(ErrorOf("data: {path: a.jsonl}", kTask),
              HasSubstr("completion_field is missing: the field that sft teaches"));
  EXPECT_THAT(ErrorOf(kTask, "data: {heldout_path: a.jsonl}"),
              HasSubstr("stages.1.grpo.data.path is missing"));
  EXPECT_THAT(ErrorOf(kTask, "eval: {problems: 0}, data: {path: a.jsonl, answer_field: ''}"),
              HasSubstr("rewards compare with an answer"));
}

TEST(ValidateTask, NothingHeldOutMeansNothingMeasured) {
  const std::string none = "data: {path: a.jsonl, completion_field: c, heldout_fraction: 0}";
  EXPECT_THAT(ErrorOf(none, kTask), HasSubstr("there is nothing to measure"));
  EXPECT_EQ(ErrorOf(none + ", eval: {problems: 0}", kTask), "OK");
  const std::string no_answers = "data: {path: a.jsonl, completion_field: c, answer_field: ''}";
  EXPECT_THAT(ErrorOf(no_answers, kTask), HasSubstr("held-out answers cannot be judged"));
  EXPECT_EQ(ErrorOf(no_answers + ", eval: {problems: 0}", kTask), "OK");
}

struct Case {
  const char* override;
  const char* message;
};
class Rejects : public testing::TestWithParam<Case> {};

TEST_P(Rejects, WithAMessage) {
  EXPECT_THAT(ErrorOf(kData, kTask, std::string("stages.0.sft.") + GetParam().override),
              HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Data, Rejects,
    testing::Values(Case{"data.heldout_fraction=1", "must be at least 0 and below 1, found 1.0"},
                    Case{"data.heldout_fraction=-0.1", "must be at least 0 and below 1"},
                    Case{"data.prompt_template=r1", "did you mean `r1_zero`?"},
                    Case{"data.system_prompt=x", "system_prompt needs prompt_template: chat"},
                    Case{"data.messages_field=m", "messages_field needs prompt_template: chat"},
                    Case{"data.prompt_field=\"\"", "prompt_field is empty"},
                    Case{"data.reward=nmber", "did you mean `number`?"},
                    Case{"data.bad_answers=skp", "did you mean `skip`?"},
                    Case{"data.filters=[{\"equals\":\"x\"}]", "filters.0.field is missing"},
                    Case{"data.min_prompt_chars=-1", "min_prompt_chars must be at least 0"},
                    Case{"data.max_prompt_chars=-1", "max_prompt_chars must be at least 0"},
                    Case{"data.max_prompt_tokens=-1", "max_prompt_tokens must be at least 0"},
                    Case{"data.pth=a", "unknown key `pth` in stages.0.sft.data"},
                    Case{"epochs=-1", "epochs must be at least 0"},
                    Case{"eval.problems=-1", "problems must be at least 0"}));

TEST(ParseSource, ReadsATaskOrDataAlone) {
  const auto read = [](const std::string& text, const std::vector<std::string>& overrides) {
    return ParseSource(text, "--task", overrides);
  };
  EXPECT_EQ(read("task: countdown", {"task.max_number=20"})->task->countdown.max_number, 20);
  EXPECT_EQ(read("data: {heldout_path: a b.jsonl}", {"data.prompt_field=q"})->data->prompt_field,
            "q");
  EXPECT_THAT(read("task: countdown", {"task.max_numbr=2"}).status().message(),
              HasSubstr("did you mean `max_number`?"));
  EXPECT_THAT(read("task: {name: gsm8k}", {}).status().message(),
              HasSubstr("task.path is missing"));
  EXPECT_THAT(read("task: {name: chess}", {}).status().message(),
              HasSubstr("unknown value `chess`"));
}

}  // namespace
}  // namespace hone
