#include "tests/report/synthetic_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/philox.h"
#include "config/load.h"
#include "data/ledger.h"
#include "data/records.h"

namespace hone {
namespace {

constexpr uint64_t kHeldoutBit = uint64_t{1} << 48;

// How far the model has come, 0 to 1, after a step of reinforcement learning.
double Skill(const SyntheticRun& run, int grpo_step) {
  const double x = static_cast<double>(grpo_step) / std::max(1, run.planned_grpo_steps);
  return 1 - std::exp(-3 * x);
}

// Tries at a, b, c with random results until one succeeds, the model gives up, or space ends.
RolloutRecord MakeSample(const SyntheticRun& run, uint64_t prompt, int sample, double skill,
                         Random* random) {
  Random numbers(prompt, 1);  // the problem depends on the prompt alone
  const int a = 1 + static_cast<int>(numbers.Below(9)), b = 1 + static_cast<int>(numbers.Below(9));
  const int c = 1 + static_cast<int>(numbers.Below(9)), target = (a + b) * c;
  RolloutRecord record;
  record.prompt_id = prompt;
  record.sample_index = sample;
  record.prompt = absl::StrCat("User: ", a, " ", b, " ", c, " = ", target, "\nAssistant: <think>");
  record.answer = absl::StrCat("{\"numbers\":[", a, ",", b, ",", c, "],\"target\":", target, "}");
  record.completion = "\n";
  record.outcome = "incorrect";
  record.finish_reason = "stop";
  const double success = 0.1 + 0.14 * skill, give_up = 0.3 * (1 - skill) + 0.02;
  std::string answer = absl::StrCat("(", a, "+", b, ")+", c);
  for (int tries = 0; tries < 12; ++tries) {
    if (random->Uniform() < success) {
      absl::StrAppend(&record.completion, a, "+", b, "=", a + b, ",", a + b, "*", c, "=", target,
                      "~", target, "!\n");
      answer = absl::StrCat("(", a, "+", b, ")*", c);
      record.outcome = "correct";
      break;
    }
    const int wrong = a * b + static_cast<int>(random->Below(7));
    absl::StrAppend(&record.completion, a, "*", b, "=", a * b, ",", a * b, "+", c, "=", wrong, "~",
                    target, "x\n");
    if (random->Uniform() < give_up) break;
    if (tries == 11) record.finish_reason = "length";
  }
  if (record.finish_reason == "stop") {
    absl::StrAppend(&record.completion, "</think> <answer>", answer, "</answer>");
  }
  const float luck = random->Uniform();
  if (record.finish_reason == "length" || luck < 0.06 * (1 - skill)) {
    record.outcome = "unparseable";
  } else if (luck > 0.995) {
    record.outcome = "timeout";
  }
  const double form = record.outcome == "correct" || record.outcome == "incorrect" ? 1 : 0;
  record.components = {record.outcome == "correct" ? 1.0 : 0.0, form};
  record.reward = record.components[0] + 0.1 * record.components[1];
  record.detail = absl::StrCat("extracted ", answer);
  record.tokens.assign(record.completion.size(), 5);
  record.logprobs.assign(record.completion.size(), -0.5f);
  return record;
}

std::vector<RolloutRecord> MakeSamples(const SyntheticRun& run, const std::string& split,
                                       int64_t step, int num_prompts, int samples, double skill) {
  Random random(run.seed, static_cast<uint64_t>(step) * 2 + (split == "train"));
  std::vector<RolloutRecord> records;
  for (int p = 0; p < num_prompts; ++p) {
    const uint64_t prompt = split == "train" ? 1000 * step + p : kHeldoutBit + p;
    for (int s = 0; s < samples; ++s) {
      RolloutRecord record = MakeSample(run, prompt, s, skill, &random);
      record.step = step;
      record.split = split;
      record.policy_version = step;
      records.push_back(std::move(record));
    }
  }
  return records;
}

double Share(const std::vector<RolloutRecord>& records, const std::string& outcome) {
  return static_cast<double>(
             std::count_if(records.begin(), records.end(),
                           [&](const RolloutRecord& r) { return r.outcome == outcome; })) /
         static_cast<double>(records.size());
}

// Accounts for records as the trainer does: a group for each prompt.
void Account(Ledger* ledger, int64_t step, const std::vector<RolloutRecord>& records, int samples) {
  std::vector<Prompt> prompts;
  std::vector<Group> groups;
  for (const RolloutRecord& record : records) {
    if (record.sample_index == 0) {
      Group group;
      group.prompt.id = record.prompt_id;
      group.policy_version = record.policy_version;
      prompts.push_back(group.prompt);
      groups.push_back(std::move(group));
    }
    Completion completion;
    completion.sample_index = record.sample_index;
    completion.tokens = record.tokens;
    groups.back().completions.push_back(std::move(completion));
    groups.back().scores.push_back({*ParseOutcome(record.outcome), record.reward, {}, ""});
  }
  ASSERT_TRUE(ledger->RecordIssued(step, prompts, samples, records[0].policy_version).ok());
  ASSERT_TRUE(ledger->RecordConsumed(step, records[0].policy_version, groups).ok());
  ASSERT_TRUE(
      ledger->CountLease(step, static_cast<int64_t>(prompts.size()), step % 40 == 7, 0).ok());
}

class Builder {
 public:
  Builder(const RunFolder& folder, const SyntheticRun& run) : folder_(folder), run_(run) {}

  void Build() {
    ASSERT_TRUE(CreateRunFolder(folder_).ok());
    WriteExperiment();
    metrics_ = *MetricsWriter::Open(folder_, 0);
    for (int i = 1; i <= run_.sft_steps; ++i) SftStep(i);
    for (int i = 1; i <= run_.grpo_steps; ++i) GrpoStep(i);
  }

 private:
  void WriteExperiment() {
    Experiment experiment;
    experiment.name = run_.name;
    experiment.seed = run_.seed;
    experiment.model.init.emplace();
    if (run_.sft_steps > 0) {
      SftStage& sft = experiment.stages.emplace_back().sft.emplace();
      sft.source.task.emplace();
      sft.steps = run_.sft_steps;
    }
    GrpoStage& grpo = experiment.stages.emplace_back().grpo.emplace();
    grpo.source.task.emplace();
    grpo.steps = run_.planned_grpo_steps;
    grpo.reward = {{{"countdown"}, 1.0}, {{"format"}, 0.1}};
    grpo.optimizer.lr = run_.lr;
    ASSERT_TRUE(WriteFileAtomically(folder_.experiment(), ToYaml(experiment)).ok());
    if (run_.ledger) ledger_ = *Ledger::Open(folder_.ledger(), ExperimentHash(experiment));
  }

  double Noise(double scale) { return scale * (2 * random_.Uniform() - 1); }

  double Heldout(int64_t step, double skill) {
    const auto records =
        MakeSamples(run_, "heldout", step, run_.heldout_problems, run_.heldout_samples, skill);
    EXPECT_TRUE(WriteRollouts(folder_, step, "heldout", records).ok());
    if (ledger_) Account(ledger_.get(), step, records, run_.heldout_samples);
    return Share(records, "correct");
  }

  void SftStep(int i) {
    const double x = static_cast<double>(i) / run_.sft_steps;
    StepMetrics m{i, "sft", static_cast<uint64_t>(i), {}};
    m.values = {{"loss", 0.9 + 2.6 * std::exp(-6 * x) + Noise(0.05)},
                {"grad_norm", 0.5 + 3 * std::exp(-8 * x) + Noise(0.2)},
                {"lr", 1e-3 * std::min(1.0, i / 10.0)},
                {"tokens", 16384},
                {"data_seconds", 0.05},
                {"learn_seconds", 2.0 + Noise(0.2)}};
    double seconds = 2.1 + Noise(0.1);
    if (i == run_.sft_steps) {
      m.values.emplace_back("heldout_accuracy", Heldout(i, 0));
      m.values.emplace_back("eval_seconds", 6.0);
      seconds += 6;
    }
    m.values.emplace_back("seconds", seconds);
    ASSERT_TRUE(metrics_->Write(m).ok());
  }

  void GrpoStep(int i) {
    const int64_t step = run_.sft_steps + i;
    const double skill = Skill(run_, i);
    const auto records =
        MakeSamples(run_, "train", step, run_.prompts_per_step, run_.samples_per_prompt, skill);
    ASSERT_TRUE(WriteRollouts(folder_, step, "train", records).ok());
    if (ledger_) Account(ledger_.get(), step, records, run_.samples_per_prompt);
    double length = 0, reward = 0, truncated = 0;
    for (const RolloutRecord& r : records) {
      length += static_cast<double>(r.tokens.size()) / static_cast<double>(records.size());
      reward += r.reward / static_cast<double>(records.size());
      truncated += (r.finish_reason == "length") / static_cast<double>(records.size());
    }
    StepMetrics m{step, "grpo", static_cast<uint64_t>(step), {}};
    m.values = {{"reward_mean", reward},
                {"reward_std", 0.45 + Noise(0.03)},
                {"accuracy", Share(records, "correct")},
                {"format_rate", 1 - Share(records, "unparseable")},
                {"response_length_mean", length},
                {"truncated_rate", truncated},
                {"reward/countdown", Share(records, "correct")},
                {"reward/format", Share(records, "correct") + Share(records, "incorrect")},
                {"outcome/correct", Share(records, "correct")},
                {"outcome/incorrect", Share(records, "incorrect")},
                {"outcome/unparseable", Share(records, "unparseable")},
                {"outcome/timeout", Share(records, "timeout")},
                {"outcome/error", 0.0},
                {"entropy", 0.55 - 0.25 * skill + Noise(0.02)},
                {"kl", 0.0},
                {"clip_fraction", 0.0},
                {"loss", Noise(0.01)},
                {"rollout_learner_gap", 0.0},
                {"grad_norm", 0.4 + 0.2 * skill + Noise(0.1)},
                {"lr", run_.lr * std::min(1.0, i / 10.0)},
                {"tokens", length * static_cast<double>(records.size())},
                {"engine_tokens_per_second", 3000 + Noise(100)},
                {"engine_occupancy", 0.8 + Noise(0.05)},
                {"engine_cache_use", 0.3 + Noise(0.05)},
                {"rollout_seconds", 2.8 + skill + Noise(0.2)},
                {"learn_seconds", 1.4 + Noise(0.1)},
                {"publish_seconds", 0.03}};
    double seconds = 4.3 + skill + Noise(0.2);
    if (i % 10 == 0 || i == run_.grpo_steps) {
      m.values.emplace_back("heldout_accuracy", Heldout(step, skill));
      m.values.emplace_back("eval_seconds", 5.0);
      seconds += 5;
    }
    m.values.emplace_back("seconds", seconds);
    ASSERT_TRUE(metrics_->Write(m).ok());
  }

  const RunFolder& folder_;
  const SyntheticRun& run_;
  Random random_{17, 1};
  std::unique_ptr<MetricsWriter> metrics_;
  std::unique_ptr<Ledger> ledger_;
};

}  // namespace

void WriteSyntheticRun(const RunFolder& folder, const SyntheticRun& run) {
  Builder(folder, run).Build();
}

}  // namespace hone
