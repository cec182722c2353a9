#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/command.h"
#include "app/model_folder.h"
#include "app/process.h"
#include "app/sampling.h"
#include "app/statistics.h"
#include "config/load.h"
#include "data/json_text.h"
#include "data/task.h"
#include "kernels/parallel.h"
#include "reward/verifier.h"

namespace hone {
namespace {

struct Options {
  std::string model, task;
  std::vector<std::string> overrides;
  SamplingParams sampling;
  int samples = 4;
  int problems = 512;
  int max_sequences = 128;
  int threads = 0;
  bool json = false;
};

// What all samples came to.
struct Results {
  int num_problems = 0;
  std::vector<std::pair<std::string, Estimate>> measures;
  std::vector<int64_t> outcomes = std::vector<int64_t>(5);  // by Outcome
  int64_t tokens = 0;
  int64_t truncated = 0;
  double seconds = 0;
};

// The task's fields are read where all configuration is: as those of an experiment's stage.
StatusOr<TaskSpec> ParseTask(const Options& options) {
  const std::string text =
      absl::StrCat("name: eval\nmodel: {path: .}\nstages:\n  - sft: {task: {name: ", options.task,
                   "}, eval: {problems: 1}}\n");
  std::vector<std::string> overrides;
  for (const std::string& override : options.overrides) {
    overrides.push_back("stages.0.sft.task." + override);
  }
  HONE_ASSIGN_OR_RETURN(const Experiment experiment, ParseExperiment(text, "--task", overrides));
  return experiment.stages.front().sft->task;
}

// Per problem values of each measure; their means are the results.
class Measures {
 public:
  explicit Measures(int samples) : samples_(samples) {
    for (int k = 2; k < samples; k *= 2) ks_.push_back(k);
    if (samples > 1) ks_.push_back(samples);
    pass_.resize(ks_.size());
  }

  void Add(const std::vector<Vote>& votes) {
    int correct = 0;
    for (const Vote& vote : votes) correct += vote.correct;
    accuracy_.push_back(static_cast<double>(correct) / samples_);
    for (size_t i = 0; i < ks_.size(); ++i) pass_[i].push_back(PassAtK(samples_, correct, ks_[i]));
    majority_.push_back(MajorityIsCorrect(votes));
  }

  std::vector<std::pair<std::string, Estimate>> Estimates(uint64_t seed) const {
    std::vector<std::pair<std::string, Estimate>> all;
    all.emplace_back("accuracy", MeanWithInterval(accuracy_, seed));
    for (size_t i = 0; i < ks_.size(); ++i) {
      all.emplace_back(absl::StrCat("pass@", ks_[i]), MeanWithInterval(pass_[i], seed));
    }
    if (samples_ > 1) {
      all.emplace_back(absl::StrCat("majority@", samples_), MeanWithInterval(majority_, seed));
    }
    return all;
  }

 private:
  int samples_;
  std::vector<int> ks_;
  std::vector<double> accuracy_, majority_;
  std::vector<std::vector<double>> pass_;
};

StatusOr<Results> Measure(const Options& options, const LoadedModel& model,
                          absl::Span<const Problem> problems, const RewardSum& reward) {
  SamplingParams sampling = options.sampling;
  sampling.stop_tokens = model.config().eos_token_ids;
  std::vector<GenerateRequest> requests;
  size_t longest = 0;
  for (const Problem& problem : problems) {
    HONE_ASSIGN_OR_RETURN(std::vector<int32_t> tokens,
                          model.tokenizer.Encode(problem.prompt, /*add_special_tokens=*/true));
    longest = std::max(longest, tokens.size());
    requests.push_back({requests.size(), std::move(tokens), options.samples, sampling});
  }
  Engine engine(model.config(), SizeEngine(model.config(), options.max_sequences,
                                           static_cast<int64_t>(longest) + sampling.max_tokens));
  engine.SetWeights(model.weights);

  Results results;
  results.num_problems = static_cast<int>(problems.size());
  Measures measures(options.samples);
  const auto begin = std::chrono::steady_clock::now();
  HONE_RETURN_IF_ERROR(SampleAll(
      &engine, std::move(requests), StopFlag(), [&](const FinishedRequest& request) -> Status {
        const Problem& problem = problems[request.prompt_id];
        std::vector<Vote> votes;
        for (const Completion& completion : request.completions) {
          const std::string text = model.tokenizer.Decode(completion.tokens, /*skip_special=*/true);
          const Score score = reward.Judge(problem.prompt, text, problem.answer);
          ++results.outcomes[static_cast<int>(score.outcome)];
          results.truncated += completion.finish_reason == FinishReason::kLength;
          votes.push_back({reward.Vote(text), score.outcome == Outcome::kCorrect});
        }
        measures.Add(votes);
        return absl::OkStatus();
      }));
  results.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  results.tokens = engine.generated_tokens();
  results.measures = measures.Estimates(options.sampling.seed);
  return results;
}

void PrintTable(const Options& options, const Results& results) {
  const int64_t samples = int64_t{results.num_problems} * options.samples;
  std::printf("%s, held out: %d problems, %d samples each, temperature %g\n\n",
              options.task.c_str(), results.num_problems, options.samples,
              options.sampling.temperature);
  std::printf("%-14s %8s   %s\n", "", "value", "95% interval");
  for (const auto& [name, estimate] : results.measures) {
    std::printf("%-14s %7.1f%%   %.1f%% to %.1f%%\n", name.c_str(), 100 * estimate.value,
                100 * estimate.low, 100 * estimate.high);
  }
  std::printf("\n");
  for (size_t i = 0; i < results.outcomes.size(); ++i) {
    const Outcome outcome = static_cast<Outcome>(i);
    if (results.outcomes[i] == 0 && IsVerifierFailure(outcome)) continue;
    std::printf("%-14s %7.1f%%\n", std::string(Name(outcome)).c_str(),
                100.0 * static_cast<double>(results.outcomes[i]) / static_cast<double>(samples));
  }
  std::printf("%-14s %7.1f%%\n", "cut off",
              100.0 * static_cast<double>(results.truncated) / static_cast<double>(samples));
  std::printf("%-14s %8.1f tokens\n%-14s %8.1f s, %.0f tokens/s\n", "mean length",
              static_cast<double>(results.tokens) / static_cast<double>(samples), "time",
              results.seconds, static_cast<double>(results.tokens) / results.seconds);
}

void PrintJson(const Options& options, const Results& results) {
  std::string out = "{\"task\":";
  AppendJsonString(options.task, &out);
  absl::StrAppend(&out, ",\"problems\":", results.num_problems, ",\"samples\":", options.samples,
                  ",\"seed\":", options.sampling.seed, ",\"temperature\":");
  AppendJsonNumber(options.sampling.temperature, &out);
  for (const auto& [name, estimate] : results.measures) {
    absl::StrAppend(&out, ",\"", name, "\":{\"value\":");
    AppendJsonNumber(estimate.value, &out);
    absl::StrAppend(&out, ",\"low\":");
    AppendJsonNumber(estimate.low, &out);
    absl::StrAppend(&out, ",\"high\":");
    AppendJsonNumber(estimate.high, &out);
    out += "}";
  }
  out += ",\"outcomes\":{";
  for (size_t i = 0; i < results.outcomes.size(); ++i) {
    absl::StrAppend(&out, i ? "," : "", "\"", Name(static_cast<Outcome>(i)),
                    "\":", results.outcomes[i]);
  }
  absl::StrAppend(&out, "},\"truncated\":", results.truncated, ",\"tokens\":", results.tokens,
                  ",\"seconds\":", results.seconds, "}");
  std::printf("%s\n", out.c_str());
}

Status Eval(const Options& options) {
  SetNumThreads(options.threads);
  HONE_ASSIGN_OR_RETURN(const TaskSpec spec, ParseTask(options));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task, MakeTask(spec));
  HONE_ASSIGN_OR_RETURN(const RewardSum reward, RewardSum::Make({{task->reward(), 1.0}}));
  HONE_ASSIGN_OR_RETURN(const LoadedModel model, LoadModelFolder(options.model));
  if (options.problems > task->num_heldout()) {
    std::fprintf(stderr, "hone: the task holds out only %d problems\n",
                 static_cast<int>(task->num_heldout()));
  }
  std::vector<Problem> problems;
  for (int64_t i = 0; i < std::min<int64_t>(options.problems, task->num_heldout()); ++i) {
    HONE_ASSIGN_OR_RETURN(problems.emplace_back(), task->HeldoutProblem(i));
  }
  HONE_ASSIGN_OR_RETURN(const Results results, Measure(options, model, problems, reward));
  options.json ? PrintJson(options, results) : PrintTable(options, results);
  return absl::OkStatus();
}

}  // namespace

void AddEval(CLI::App* root, Action* action) {
  CLI::App* app =
      root->add_subcommand("eval", "accuracy, pass@k and majority@k on a task's held-out problems");
  app->footer(
      "key=value sets a field of the task, as in an experiment's `task:`.\n\n"
      "Example:\n  hone eval --model runs/r/checkpoints/step-000100/hf --task countdown "
      "--samples 8 max_number=9");
  auto o = std::make_shared<Options>();
  app->add_option("--model", o->model, "a Hugging Face folder")->required();
  app->add_option("--task", o->task, "countdown")->required();
  app->add_option("KEY=VALUE", o->overrides, "fields of the task");
  app->add_option("--samples", o->samples, "of each problem: k")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  app->add_option("--problems", o->problems, "how many of the held-out ones")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  app->add_option("--max-tokens", o->sampling.max_tokens, "longest completion")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app->add_option("--temperature", o->sampling.temperature, "0: greedy")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  app->add_option("--top-p", o->sampling.top_p, "nucleus; 1: off")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  app->add_option("--seed", o->sampling.seed, "of the random draws")->capture_default_str();
  app->add_option("--max-sequences", o->max_sequences, "completions decoded together")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  app->add_option("--threads", o->threads, "0: all cores")->check(CLI::Range(0, 1024));
  app->add_flag("--json", o->json, "a JSON object instead of the table");
  app->callback([o, action] { *action = [o] { return Eval(*o); }; });
}

}  // namespace hone
