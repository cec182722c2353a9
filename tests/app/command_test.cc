// The command line, and runs from it: exit codes, messages, and what is left behind.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/app/command_fixture.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kExperiment[] = R"(name: tiny
model:
  init: {hidden_size: 32, num_layers: 2, num_heads: 2, num_kv_heads: 1, head_dim: 16,
         intermediate_size: 48, max_position_embeddings: 512}
stages:
  - sft: {task: countdown, steps: 3, batch_tokens: 512, eval: {problems: 4, samples: 1, max_tokens: 16}}
  - grpo: {task: countdown, steps: 2, prompts_per_step: 2, samples_per_prompt: 4,
           sampling: {max_tokens: 16}, reward: [{name: countdown}],
           eval: {problems: 4, samples: 1, max_tokens: 16}}
resources: {rollout: {max_sequences: 8}}
)";

constexpr char kDataExperiment[] = R"(name: data
model:
  init: {hidden_size: 32, num_layers: 2, num_heads: 2, num_kv_heads: 1, head_dim: 16,
         intermediate_size: 48, max_position_embeddings: 128}
stages:
  - sft: {data: {path: q.jsonl, heldout_path: h.jsonl, prompt_field: question, answer_after: "####",
                 completion_field: answer},
          epochs: 3, batch_tokens: 32, eval: {samples: 1, max_tokens: 8}}
  - grpo: {task: {name: gsm8k, path: ., prompt_template: plain}, steps: 1, prompts_per_step: 2,
           samples_per_prompt: 2, sampling: {max_tokens: 8}, reward: [number],
           eval: {problems: 2, samples: 1, max_tokens: 8}}
)";

TEST_F(CommandTest, HelpAndVersion) {
  EXPECT_THAT(Hone("--version").out, HasSubstr("hone 0."));
  const RunResult all = Hone("--help");
  EXPECT_EQ(all.code, 0);
  for (const char* command :
       {"run", "trainer", "rollout", "reward", "eval", "export", "generate", "logprobs", "tokenize",
        "problems", "grade", "report", "bench", "doctor"}) {
    EXPECT_THAT(all.out, HasSubstr(absl::StrCat("\n  ", command, " ")));
    const RunResult help = Hone(absl::StrCat(command, " --help"));
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_THAT(help.out, HasSubstr("Example:\n  ")) << command;
  }
  EXPECT_THAT(Hone("bench learner --help").out, HasSubstr("Example:\n  "));
  EXPECT_THAT(Hone("bench rollout --help").out, HasSubstr("Example:\n  "));
  EXPECT_THAT(Hone("bench step --help").out, HasSubstr("Example:\n  "));
  EXPECT_THAT(Hone("bench sync --help").out, HasSubstr("Example:\n  "));
  EXPECT_THAT(Hone("bench tokenizer --help").out, HasSubstr("Example:\n  "));
}

TEST_F(CommandTest, UsageErrorsSuggestAndExitWith2) {
  RunResult result = Hone("generat");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean `generate`"));
  EXPECT_EQ(result.out, "");
  result = Hone("eval --model m --task countdown --sample 3");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean `--samples`"));
  result = Hone("bench rolout");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean `rollout`"));
  EXPECT_EQ(Hone("").code, 2);
  EXPECT_EQ(Hone("generate --model x").code, 2);
  result = Hone("generate --model x --input y --output z --n many");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("--n"));
}

TEST_F(CommandTest, AnExperimentsMistakesAreNamedWithTheirPlace) {
  Write("bad.yaml", "name: x\nmodel: {init: {}}\nstages:\n  - sft: {task: countdown, stepz: 3}\n");
  RunResult result = Hone("run bad.yaml --dry-run");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("bad.yaml:4"));
  EXPECT_THAT(result.err, HasSubstr("did you mean `steps`"));
  Write("e.yaml", kExperiment);
  result = Hone("run e.yaml --dry-run sede=8");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean `seed`"));
  EXPECT_EQ(Hone("run absent.yaml").code, 2);
}

// Each recipe in experiments/, also where neither its model nor its data is on the machine.
TEST_F(CommandTest, EveryShippedExperimentPassesADryRun) {
  int experiments = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(absl::StrCat(HONE_SOURCE_DIR, "/experiments"))) {
    if (entry.path().extension() != ".yaml") continue;
    ++experiments;
    const RunResult result = Hone(absl::StrCat("run ", entry.path().string(), " --dry-run"));
    EXPECT_EQ(result.code, 0) << entry.path() << ": " << result.err;
    EXPECT_THAT(result.out, HasSubstr("weights, gradient, AdamW moments")) << entry.path();
  }
  EXPECT_GE(experiments, 8);
}

TEST_F(CommandTest, ASweepRunsEachCombinationAndComparesThem) {
  Write("e.yaml",
        absl::StrCat(kExperiment,
                     "sweep: [{key: stages.1.grpo.algorithm, values: [grpo, dr_grpo]}]\n"));
  const RunResult result = Hone("run e.yaml --out sweep");
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("all 2 runs compared: sweep/report.html"));
  EXPECT_THAT(Read("sweep/dr_grpo/experiment.yaml"), HasSubstr("advantage: mean_centered"));
  EXPECT_THAT(Read("sweep/report.html"), HasSubstr("tiny-dr_grpo"));
  const RunResult again = Hone("run e.yaml --out sweep");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("This run was done before"));
}

TEST_F(CommandTest, DryRunPrintsAndWritesNothing) {
  Write("e.yaml", kExperiment);
  const RunResult result = Hone("run e.yaml seed=8 --dry-run --out there");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("seed: 8"));
  EXPECT_THAT(result.out, HasSubstr("KV cache"));
  EXPECT_FALSE(Exists("there"));
  EXPECT_FALSE(Exists("runs"));
}

TEST_F(CommandTest, PlacesThatCannotBeWrittenAreNamed) {
  Write("e.yaml", kExperiment);
  RunResult result = Hone("run e.yaml --out /proc/nowhere");
  EXPECT_NE(result.code, 0);
  EXPECT_THAT(result.err, HasSubstr("/proc/nowhere"));
  std::filesystem::create_directories(dir_ + "/home");
  Write("home/thesis.tex", "years of work");
  result = Hone("run e.yaml --fresh --out home");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("thesis.tex"));
  EXPECT_EQ(Read("home/thesis.tex"), "years of work");
  Write("in.jsonl", "");
  result = Hone("grade --reward countdown --input in.jsonl --output /proc/nowhere/out");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("/proc/nowhere/out"));
}

TEST_F(CommandTest, GradeExplainsItsVerdicts) {
  Write("in.jsonl", R"({"completion": "So \\boxed{\\frac{6}{8}}.", "answer": "0.75"})");
  const RunResult result =
      Hone("grade --reward math --input in.jsonl --output out.jsonl --explain");
  ASSERT_EQ(result.code, 0) << result.err;
  const auto out = nlohmann::json::parse(Read("out.jsonl"));
  EXPECT_EQ(out.at("status"), "correct");
  const auto& steps = out.at("explanation");
  EXPECT_EQ(steps.at("found"), "\\frac{6}{8}");
  EXPECT_EQ(steps.at("found_from"), "\\boxed{}");
  EXPECT_EQ(steps.at("found_as"), "3/4");
  EXPECT_EQ(steps.at("wanted_as"), "3/4");
}

TEST_F(CommandTest, BenchRewardCountsOutcomes) {
  Write("in.jsonl",
        "{\"completion\": \"#### 7\", \"answer\": \"7\"}\n"
        "{\"completion\": \"#### 8\", \"answer\": \"7\"}\n");
  const RunResult result = Hone("bench reward --reward math --input in.jsonl --repeats 2");
  ASSERT_EQ(result.code, 0) << result.err;
  const auto out = nlohmann::json::parse(result.out);
  EXPECT_EQ(out.at("judgements"), 2);
  EXPECT_EQ(out.at("correct"), 1);
  EXPECT_EQ(out.at("incorrect"), 1);
  EXPECT_GT(out.at("judgements_per_second"), 0);
}

TEST_F(CommandTest, ALockedRunFolderIsRefused) {
  Write("e.yaml", kExperiment);
  std::filesystem::create_directories(dir_ + "/run");
  const int fd = open((dir_ + "/run/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_EQ(flock(fd, LOCK_EX), 0);
  const RunResult result = Hone("run e.yaml --out run");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("another hone is working in run"));
  close(fd);
}

TEST_F(CommandTest, ARunLearnsFromFiles) {
  Write("e.yaml", kDataExperiment);
  Write("q.jsonl", kQuestions);
  Write("h.jsonl", kHeldout);
  const RunResult absent = Hone("run e.yaml --out run");
  EXPECT_EQ(absent.code, 2);
  EXPECT_THAT(absent.err, HasSubstr("stages.1: "));
  EXPECT_THAT(absent.err, HasSubstr("./test.jsonl"));
  EXPECT_FALSE(Exists("run"));

  Write("train.jsonl", kQuestions);
  Write("test.jsonl", kHeldout);
  // One demonstration is held out; the other two are some 20 tokens each.
  const RunResult dry = Hone("run e.yaml --dry-run");
  EXPECT_THAT(dry.out, HasSubstr("epochs: 0\n"));
  EXPECT_THAT(dry.out, Not(HasSubstr("steps: 300")));
  const RunResult run = Hone("run e.yaml --out run");
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("data (seed 7) is done"));
}

TEST_F(CommandTest, AnswersThatNobodyCanGiveStopARunBeforeItStarts) {
  Write("a.jsonl",
        "{\"prompt\":\"1+1?\",\"answer\":\"2\"}\n{\"prompt\":\"?\",\"answer\":\"two or three\"}\n");
  Write("e.yaml",
        "name: e\nmodel: {init: {}}\nstages:\n  - grpo:\n      data: {path: a.jsonl, "
        "heldout_fraction: 0}\n      reward: [number]\n      eval: {problems: 0}\n");
  RunResult result = Hone("run e.yaml --dry-run");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("a.jsonl:2: `number`: number: the problem's answer"));
  result = Hone("run e.yaml --dry-run stages.0.grpo.data.bad_answers=skip");
  EXPECT_EQ(result.code, 0) << result.err;
  result = Hone("run e.yaml --dry-run 'stages.0.grpo.reward=[{name: regex, pattern: (}]'");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("stages.0.grpo.reward: the pattern of the reward `regex`"));
}

TEST_F(CommandTest, DoctorReports) {
  const RunResult result = Hone("doctor");
  EXPECT_EQ(result.code, 0);
  for (const char* word : {"cores", "memory", "GPUs", "MPI", "Slurm", "sandbox", "LibTorch"}) {
    EXPECT_THAT(result.out, HasSubstr(word));
  }
}

TEST_F(CommandTest, ARunEndsWithASummaryAndIsNotDoneTwice) {
  Write("e.yaml", kExperiment);
  const RunResult first = Hone("run e.yaml --out run");
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("tiny (seed 7) is done"));
  EXPECT_THAT(first.out, HasSubstr("run/checkpoints/step-000005/hf"));
  EXPECT_TRUE(Exists("run/report.html"));
  EXPECT_TRUE(Exists("run/checkpoints/step-000005/hf/config.json"));
  for (const char* role : {"trainer", "rollout", "reward"}) {
    bool found = false;
    for (const auto& entry : std::filesystem::directory_iterator(dir_ + "/run/logs")) {
      found = found || entry.path().filename().string().find(role) == 0;
    }
    EXPECT_TRUE(found) << role;
  }

  const std::string metrics = Read("run/metrics.jsonl");
  const RunResult again = Hone("run e.yaml --out run");
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, first.out);
  EXPECT_THAT(again.err, HasSubstr("--fresh"));
  EXPECT_EQ(Read("run/metrics.jsonl"), metrics);

  const RunResult other = Hone("run e.yaml seed=8 --out run");
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("there: seed: 7"));
  EXPECT_EQ(Hone("report run --output compared.html").code, 0);
  EXPECT_TRUE(Exists("compared.html"));
}

TEST_F(CommandTest, AnInterruptedRunStopsAndSaysHowToGoOn) {
  Write("e.yaml", kExperiment);
  const int status = std::system(
      absl::StrCat("cd ", dir_, " && { ", HONE_BINARY,
                   " run e.yaml stages.0.sft.steps=1000000 --out run >stdout 2>stderr & }; run=$!; "
                   "until [ -s run/metrics.jsonl ]; do kill -0 $run || break; sleep 0.1; done; "
                   "kill -INT $run; wait $run")
          .c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_THAT(Read("stderr"), HasSubstr("stopped; the same command goes on"));
  EXPECT_EQ(Read("stdout"), "");
  const int fd = open((dir_ + "/run/lock").c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(flock(fd, LOCK_EX | LOCK_NB), 0);  // nobody works there any more
  close(fd);
}

TEST_F(CommandTest, TwoRunsWithOtherResourcesEndInTheSameBits) {
  Write("e.yaml", kExperiment);
  const RunResult one = Hone("run e.yaml --out one");
  ASSERT_EQ(one.code, 0) << one.err;
  const RunResult two = Hone(
      "run e.yaml resources.rollout.workers=2 resources.reward.workers=2 "
      "resources.trainer.threads=1 --out two");
  ASSERT_EQ(two.code, 0) << two.err;
  const std::string weights = "/checkpoints/step-000005/hf/model.safetensors";
  EXPECT_TRUE(Exists("one" + weights));
  EXPECT_EQ(Read("one" + weights), Read("two" + weights));
}

}  // namespace
}  // namespace hone
