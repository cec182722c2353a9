#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/bench.h"
#include "app/process.h"
#include "app/roofline.h"
#include "app/sampling.h"
#include "data/task.h"
#include "reward/verifier.h"
#include "trainer/algorithm/loss.h"
#include "trainer/batch.h"
#include "trainer/learner/learner.h"
#include "trainer/torch_guard.h"

namespace hone {
namespace {

struct Options {
  BenchModelOptions model;
  int prompts = 8;
  int samples = 8;
  int prompt_tokens = 32;
  int max_tokens = 128;
  int micro_batch_tokens = 8192;
  int repeats = 3;
  std::string dtype = "float32";
};

constexpr double kLearningRate = 1e-6;

// The parts of a step, in order.
constexpr std::array<const char*, 4> kPhases = {"rollout", "reward", "update", "swap"};
using PhaseSeconds = std::array<double, kPhases.size()>;

class StepBench {
 public:
  StepBench(const Options& options, const BenchModel& model, const Task& task,
            const RewardSum& reward, Precision precision)
      : options_(options),
        model_(model),
        task_(task),
        reward_(reward),
        precision_(precision),
        engine_(model.config(), MakeEngineOptions(options, model.config(), precision)),
        learner_(model.weights,
                 {.micro_batch_tokens = options.micro_batch_tokens, .precision = precision}) {
    Publish(model.weights);
  }

  StatusOr<PhaseSeconds> Step() {
    PhaseSeconds seconds;
    double begin = SecondsNow();
    const auto lap = [&](int phase) {
      const double now = SecondsNow();
      seconds[phase] = now - begin;
      begin = now;
    };
    HONE_ASSIGN_OR_RETURN(std::vector<Group> groups, Sample());
    lap(0);
    for (Group& group : groups) Judge(&group);
    lap(1);
    Update(groups);
    lap(2);
    Publish(learner_.ExportWeights());
    lap(3);
    return seconds;
  }

 private:
  static EngineOptions MakeEngineOptions(const Options& options, const ModelConfig& config,
                                         Precision precision) {
    EngineOptions engine =
        SizeEngine(config, options.prompts * options.samples,
                   options.prompt_tokens + options.max_tokens, {.precision = precision});
    engine.ignore_stop = true;
    return engine;
  }

  void Publish(Weights weights) {
    RoundWeights(precision_, &weights);
    engine_.SetWeights(weights);
  }

  StatusOr<std::vector<Group>> Sample() {
    SamplingParams sampling;
    sampling.max_tokens = options_.max_tokens;
    std::vector<Group> groups(options_.prompts);
    std::vector<GenerateRequest> requests;
    for (int i = 0; i < options_.prompts; ++i) {
      Prompt& prompt = groups[i].prompt;
      prompt.id = i;
      HONE_ASSIGN_OR_RETURN(prompt.problem, task_.TrainProblem(/*seed=*/7, next_problem_++));
      prompt.tokens = RandomTokens(model_.config(), options_.prompt_tokens, next_problem_);
      requests.push_back({prompt.id, prompt.tokens, options_.samples, sampling});
    }
    HONE_RETURN_IF_ERROR(
        SampleAll(&engine_, std::move(requests), StopFlag(), [&](const FinishedRequest& request) {
          groups[request.prompt_id].completions = request.completions;
          return absl::OkStatus();
        }));
    return groups;
  }

  // Text for the verifier. Random weights have no tokenizer: a letter stands for a token.
  std::string Text(const std::vector<int32_t>& tokens) const {
    if (model_.tokenizer) return model_.tokenizer->Decode(tokens, /*skip_special=*/true);
    std::string text;
    for (const int32_t token : tokens) text.push_back(static_cast<char>('!' + token % 94));
    return text;
  }

  void Judge(Group* group) const {
    const Problem& problem = group->prompt.problem;
    for (const Completion& completion : group->completions) {
      Score score = reward_.Judge(problem.prompt, Text(completion.tokens), problem.answer);
      // A model that knows nothing never scores, and a group of equal rewards is not trained on:
      // every second sample counts as right, so that the update is a whole one.
      score.reward = completion.sample_index % 2;
      group->scores.push_back(std::move(score));
    }
  }

  void Update(const std::vector<Group>& groups) {
    const AlgorithmSpec algorithm;
    TrainBatch step = MakeStepBatch(algorithm, groups, options_.max_tokens);
    SetAdvantages(algorithm, &step);
    const TrainBatch batch =
        MakeMinibatch(algorithm, step, 0, static_cast<int64_t>(groups.size()), options_.max_tokens);
    learner_.AccumulateGradient(batch.sequences, /*temperature=*/1,
                                [&](int64_t i, const TokenLogProbs& tokens,
                                    absl::Span<float> dlogprobs, absl::Span<float> dentropies) {
                                  SequenceLoss(algorithm, batch.Tokens(i, tokens), dlogprobs,
                                               dentropies);
                                });
    learner_.Update(OptimizerSpec(), kLearningRate);
  }

  const Options& options_;
  const BenchModel& model_;
  const Task& task_;
  const RewardSum& reward_;
  const Precision precision_;
  Engine engine_;
  Learner learner_;
  uint64_t next_problem_ = 0;
};

// Rollout once forward; the update forward and, at twice that, backward.
double StepFlops(const Options& options, const ModelConfig& config) {
  const int64_t sequences = int64_t{options.prompts} * options.samples;
  const int64_t length = options.prompt_tokens + options.max_tokens - 1;
  const ForwardWork learner{sequences * length, sequences * options.max_tokens,
                            sequences * length * (length + 1) / 2};
  return ForwardFlops(config, GenerationWork(options.prompts, options.samples,
                                             options.prompt_tokens, options.max_tokens)) +
         3 * ForwardFlops(config, learner);
}

Status BenchStep(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const Precision precision, ParsePrecision(options.dtype));
  HONE_ASSIGN_OR_RETURN(const BenchModel model, LoadBenchModel(options.model));
  const ModelConfig& config = model.config();
  if (options.prompt_tokens + options.max_tokens > config.max_position_embeddings) {
    return absl::InvalidArgumentError(
        absl::StrCat("a prompt of ", options.prompt_tokens, " and ", options.max_tokens,
                     " tokens exceed the model's context of ", config.max_position_embeddings));
  }
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task, MakeTask(SourceSpec(), {}));
  HONE_ASSIGN_OR_RETURN(const RewardSum reward,
                        RewardSum::Make({{{"countdown"}, 1.0}, {{"format"}, 0.1}}));

  std::vector<PhaseSeconds> steps;
  HONE_RETURN_IF_ERROR(CatchTorch([&]() -> Status {
    StepBench bench(options, model, *task, reward, precision);
    HONE_RETURN_IF_ERROR(bench.Step().status());  // warm-up
    for (int i = 0; i < options.repeats; ++i) {
      HONE_ASSIGN_OR_RETURN(const PhaseSeconds seconds, bench.Step());
      steps.push_back(seconds);
    }
    return absl::OkStatus();
  }));

  std::vector<double> totals;
  for (const PhaseSeconds& step : steps) {
    double total = 0;
    for (const double seconds : step) total += seconds;
    totals.push_back(total);
  }
  const double seconds = Median(totals);
  const double flops = StepFlops(options, config) / seconds;
  const int sequences = options.prompts * options.samples;
  const double limit = MeasureMatMulFlops(config, sequences, precision);
  std::string out =
      absl::StrCat(BenchHeader(model, precision), ",\"prompts\":", options.prompts,
                   ",\"samples\":", options.samples, ",\"prompt_tokens\":", options.prompt_tokens,
                   ",\"max_tokens\":", options.max_tokens, ",\"repeats\":", options.repeats,
                   ",\"seconds_per_step\":", seconds, ",\"seconds\":{");
  for (size_t phase = 0; phase < kPhases.size(); ++phase) {
    std::vector<double> times;
    for (const PhaseSeconds& step : steps) times.push_back(step[phase]);
    absl::StrAppend(&out, phase ? "," : "", "\"", kPhases[phase], "\":", Median(times));
  }
  absl::StrAppend(&out, "},\"tokens_per_second\":",
                  static_cast<double>(sequences) * options.max_tokens / seconds,
                  ",\"gflops\":", flops / 1e9, ",\"gemm_gflops\":", limit / 1e9,
                  ",\"fraction_of_limit\":", flops / limit, "}");
  std::printf("%s\n", out.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddBenchStep(CLI::App* bench, Action* action) {
  CLI::App* app =
      bench->add_subcommand("step", "seconds of a whole GRPO step, in all and by phase");
  app->footer(
      "Rollout, reward, update and weight swap in one process, one after the other; the median of\n"
      "--repeats after a warm-up.\n\n"
      "Example:\n  hone bench step --shape nano --prompts 8 --samples 8 --max-tokens 128");
  auto o = std::make_shared<Options>();
  AddBenchModelOptions(app, &o->model);
  app->add_option("--prompts", o->prompts, "prompts of the step")
      ->check(CLI::Range(1, 1 << 14))
      ->capture_default_str();
  app->add_option("--samples", o->samples, "completions of each prompt")
      ->check(CLI::Range(2, 1 << 14))
      ->capture_default_str();
  app->add_option("--prompt-tokens", o->prompt_tokens, "length of the random prompts")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app->add_option("--max-tokens", o->max_tokens, "tokens of every completion")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app->add_option("--micro-batch-tokens", o->micro_batch_tokens,
                  "tokens that go through the learner at once")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  AddRepeatsOption(app, &o->repeats);
  app->add_option("--dtype", o->dtype, kDtypeHelp)->capture_default_str();
  app->callback([o, action] { *action = [o] { return BenchStep(*o); }; });
}

}  // namespace hone
