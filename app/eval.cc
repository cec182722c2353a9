#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/answer_check.h"
#include "app/command.h"
#include "app/model_folder.h"
#include "app/process.h"
#include "app/sampling.h"
#include "app/statistics.h"
#include "app/task_choice.h"
#include "config/load.h"
#include "config/scalar.h"
#include "data/json_text.h"
#include "data/task.h"
#include "kernels/parallel.h"
#include "reward/verifier.h"
#include "trainer/model_prompts.h"

namespace hone {
namespace {

struct Options {
  std::string model;
  std::vector<std::string> tasks, overrides;
  SamplingParams sampling;
  int samples = 4;
  int problems = 512;
  int max_sequences = 128;
  int threads = 0;
  bool json = false;
  DecoderFlags decoder;
};

// What all samples came to.
struct Results {
  std::string task;
  int num_problems = 0;
  int unjudged = 0;  // problems on which the verifier failed: no part of the measures
  std::vector<std::pair<std::string, Estimate>> measures;
  std::array<int64_t, kOutcomes.size()> outcomes = {};  // by Outcome
  int64_t tokens = 0;
  int64_t truncated = 0;
  double seconds = 0;
};

// One of the tasks to measure.
struct TaskChoice {
  std::string name;  // of a task, or a file
  std::vector<std::string> overrides;
};

// "countdown max_number=9 gsm8k path=DIR": a word without "=" begins a task.
StatusOr<std::vector<TaskChoice>> Choices(const Options& options) {
  std::vector<TaskChoice> choices;
  for (const std::string& word : options.tasks) {
    if (!absl::StrContains(word, '=')) {
      choices.push_back({word, {}});
    } else if (choices.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--task: `", word, "` stands before any task; write --task NAME key=value"));
    } else {
      choices.back().overrides.push_back(word);
    }
  }
  if (options.overrides.empty()) return choices;
  if (choices.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", options.overrides.front(), "` may belong to any of ", choices.size(),
                     " tasks; write it behind its task: --task NAME key=value"));
  }
  std::vector<std::string>& all = choices.front().overrides;
  all.insert(all.end(), options.overrides.begin(), options.overrides.end());
  return choices;
}

bool IsFile(const std::string& name) {
  return absl::EndsWith(name, ".jsonl") || absl::EndsWith(name, ".parquet");
}

// All records of a file are measured.
StatusOr<SourceSpec> ParseChoice(const TaskChoice& choice) {
  if (!IsFile(choice.name)) return ParseTaskChoice(choice.name, choice.overrides);
  std::vector<std::string> overrides;
  for (const std::string& override : choice.overrides) overrides.push_back("data." + override);
  return ParseSource(absl::StrCat("data: {heldout_path: ", WriteScalar(choice.name), "}"), "--task",
                     overrides);
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
                          model.tokenizer.Encode(problem.prompt, problem.add_special_tokens));
    longest = std::max(longest, tokens.size());
    requests.push_back({requests.size(), std::move(tokens), options.samples, sampling});
  }
  HONE_ASSIGN_OR_RETURN(const DecoderOptions decoder, ParseDecoder(options.decoder));
  Engine engine(model.config(),
                SizeEngine(model.config(), options.max_sequences,
                           static_cast<int64_t>(longest) + sampling.max_tokens, decoder));
  engine.SetWeights(model.weights);

  Results results;
  results.num_problems = static_cast<int>(problems.size());
  Measures measures(options.samples);
  const auto begin = std::chrono::steady_clock::now();
  HONE_RETURN_IF_ERROR(SampleAll(
      &engine, std::move(requests), StopFlag(), [&](const FinishedRequest& request) -> Status {
        const Problem& problem = problems[request.prompt_id];
        std::vector<Vote> votes;
        bool judged = true;
        for (const Completion& completion : request.completions) {
          const std::string text = model.tokenizer.Decode(completion.tokens, /*skip_special=*/true);
          const Score score =
              reward.Judge(problem.prompt, text, problem.answer, std::ssize(completion.tokens));
          ++results.outcomes[static_cast<int>(score.outcome)];
          results.truncated += completion.finish_reason == FinishReason::kLength;
          judged = judged && !IsVerifierFailure(score.outcome);
          votes.push_back({reward.Vote(text), score.outcome == Outcome::kCorrect});
        }
        if (judged) {
          measures.Add(votes);
        } else {
          ++results.unjudged;
        }
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
              results.task.c_str(), results.num_problems, options.samples,
              options.sampling.temperature);
  std::printf("%-14s %8s   %s\n", "", "value", "95% interval");
  for (const auto& [name, estimate] : results.measures) {
    std::printf("%-14s %7.1f%%   %.1f%% to %.1f%%\n", name.c_str(), 100 * estimate.value,
                100 * estimate.low, 100 * estimate.high);
  }
  std::printf("\n");
  for (size_t i = 0; i < results.outcomes.size(); ++i) {
    const Outcome outcome = kOutcomes[i];
    if (results.outcomes[i] == 0 && IsVerifierFailure(outcome)) continue;
    std::printf("%-14s %7.1f%%\n", std::string(Name(outcome)).c_str(),
                100.0 * static_cast<double>(results.outcomes[i]) / static_cast<double>(samples));
  }
  if (results.unjudged > 0) {
    std::printf("%-14s %7d problems, left out above: the verifier failed\n", "unjudged",
                results.unjudged);
  }
  std::printf("%-14s %7.1f%%\n", "cut off",
              100.0 * static_cast<double>(results.truncated) / static_cast<double>(samples));
  std::printf("%-14s %8.1f tokens\n%-14s %8.1f s, %.0f tokens/s\n", "mean length",
              static_cast<double>(results.tokens) / static_cast<double>(samples), "time",
              results.seconds, static_cast<double>(results.tokens) / results.seconds);
}

void PrintJson(const Options& options, const Results& results) {
  std::string out = "{\"task\":";
  AppendJsonString(results.task, &out);
  absl::StrAppend(&out, ",\"problems\":", results.num_problems, ",\"unjudged\":", results.unjudged,
                  ",\"samples\":", options.samples, ",\"seed\":", options.sampling.seed,
                  ",\"temperature\":");
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
    absl::StrAppend(&out, i ? "," : "", "\"", Name(kOutcomes[i]), "\":", results.outcomes[i]);
  }
  absl::StrAppend(&out, "},\"truncated\":", results.truncated, ",\"tokens\":", results.tokens,
                  ",\"seconds\":", results.seconds, "}");
  std::printf("%s\n", out.c_str());
}

StatusOr<Results> EvalTask(const Options& options, const LoadedModel& model,
                           const PromptTools& tools, const TaskChoice& choice,
                           const SourceSpec& source) {
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task, MakeTask(source, tools));
  for (const std::string& note : task->notes()) std::fprintf(stderr, "hone: %s\n", note.c_str());
  HONE_ASSIGN_OR_RETURN(const RewardSum reward, RewardSum::Make({{task->reward()}}));
  if (options.problems > task->num_heldout()) {
    std::fprintf(stderr, "hone: %s holds out only %d problems\n", choice.name.c_str(),
                 static_cast<int>(task->num_heldout()));
  }
  std::vector<Problem> problems;
  for (int64_t i = 0; i < std::min<int64_t>(options.problems, task->num_heldout()); ++i) {
    HONE_ASSIGN_OR_RETURN(problems.emplace_back(), task->HeldoutProblem(i));
  }
  HONE_ASSIGN_OR_RETURN(Results results, Measure(options, model, problems, reward));
  results.task = choice.name;
  return results;
}

Status Eval(const Options& options) {
  SetNumThreads(options.threads);
  // All that may be wrong with the command comes before the model is read.
  HONE_ASSIGN_OR_RETURN(const std::vector<TaskChoice> choices, Choices(options));
  std::vector<SourceSpec> sources;
  for (const TaskChoice& choice : choices) {
    HONE_ASSIGN_OR_RETURN(sources.emplace_back(), ParseChoice(choice));
  }
  HONE_ASSIGN_OR_RETURN(const LoadedModel model, LoadModelFolder(options.model));
  HONE_ASSIGN_OR_RETURN(PromptTools tools, ModelPromptTools(options.model, model.tokenizer));
  tools.answers = {MakeAnswerCheck, std::nullopt, /*heldout=*/true};
  for (size_t i = 0; i < choices.size(); ++i) {
    HONE_ASSIGN_OR_RETURN(const Results results,
                          EvalTask(options, model, tools, choices[i], sources[i]));
    if (!options.json && i > 0) std::printf("\n\n");
    options.json ? PrintJson(options, results) : PrintTable(options, results);
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

}  // namespace

void AddEval(CLI::App* root, Action* action) {
  CLI::App* app =
      root->add_subcommand("eval", "accuracy, pass@k and majority@k on a task's held-out problems");
  app->footer(
      "key=value sets a field of the task before it, as in an experiment's `task:` or `data:`.\n"
      "Several tasks are measured one after the other; with --json each is an object on a line.\n\n"
      "Example:\n  hone eval --model runs/r/checkpoints/step-000100/hf --samples 8 --task "
      "countdown "
      "max_number=9 \\\n    --task gsm8k path=data/gsm8k --task mine.jsonl prompt_field=question");
  auto o = std::make_shared<Options>();
  app->add_option("--model", o->model, "a Hugging Face folder")->required();
  app->add_option(
         "--task", o->tasks,
         "a task's name, a map as in an experiment's `task:`, or a file of problems (.jsonl, "
         ".parquet); may be repeated")
      ->required();
  app->add_option("KEY=VALUE", o->overrides, "fields of the one task");
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
  AddDecoderFlags(app, &o->decoder);
  app->add_flag("--json", o->json, "a JSON object for each task instead of a table");
  app->callback([o, action] { *action = [o] { return Eval(*o); }; });
}

}  // namespace hone
