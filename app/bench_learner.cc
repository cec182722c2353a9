#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "app/bench.h"
#include "app/gemm_limit.h"
#include "app/process.h"
#include "app/roofline.h"
#include "cluster/mpi_world.h"
#include "data/json_text.h"
#include "rollout/engine/decoder.h"
#include "trainer/learner/learner.h"
#include "trainer/ranks.h"
#include "trainer/torch_guard.h"

namespace hone {
namespace {

struct Options {
  BenchModelOptions model;
  int sequences = 8;
  int tokens = 512;
  int prompt_tokens = 32;
  int micro_batch_tokens = 8192;
  bool recompute = false;
  int virtual_shards = 0;
  int repeats = 3;
  std::string device = "cpu", dtype = "float32";

  // Of one rank.
  int sequences_at_once() const {
    return std::min(sequences, std::max(1, micro_batch_tokens / tokens));
  }
};

constexpr double kLearningRate = 1e-6;

// What one step says of itself.
struct StepReport {
  double forward = 0, backward = 0, update = 0;
  double loss = 0;  // mean negative log-probability before the update

  double total() const { return forward + backward + update; }
};

// The gradient of the mean negative log-likelihood of the completions, and an AdamW update.
StepReport Step(const Options& options, const std::vector<TrainSequence>& sequences, int ranks,
                Learner* learner) {
  const int64_t loss_tokens = int64_t{options.sequences} * (options.tokens - options.prompt_tokens);
  const float slope = -1.0f / static_cast<float>(loss_tokens);
  StepReport seconds;
  double begin = SecondsNow();
  const auto lap = [&](double* phase) {
    const double now = SecondsNow();
    *phase += now - begin;
    begin = now;
  };
  // One micro-batch a call and rank: between its forward and its backward pass it asks for the
  // loss.
  const absl::Span<const TrainSequence> all = sequences;
  const size_t at_once = options.sequences_at_once() * ranks;
  for (size_t first = 0; first < all.size(); first += at_once) {
    bool forward_done = false;
    learner->AccumulateGradient(
        all.subspan(first, at_once), /*temperature=*/1,
        [&](int64_t, const TokenLogProbs& tokens, absl::Span<float> dlogprobs, absl::Span<float>) {
          if (!std::exchange(forward_done, true)) lap(&seconds.forward);
          for (const float logprob : tokens.logprobs) seconds.loss += double{slope} * logprob;
          std::fill(dlogprobs.begin(), dlogprobs.end(), slope);
        });
    lap(&seconds.backward);
  }
  learner->Update(OptimizerSpec(), kLearningRate);
  lap(&seconds.update);
  return seconds;
}

// What the ranks said to one another in a step, as rank 0 saw it.
struct Exchange {
  double bytes = 0;          // sent
  double formula_bytes = 0;  // what ZeRO-3 needs for it
  double overlap = 1;        // share of the operations' time in which nobody waited for them
};

Exchange MeasureExchange(const Options& options, const ModelConfig& config,
                         const CollectiveStats& before, const CollectiveStats& after, int ranks) {
  const int at_once = options.sequences_at_once() * ranks;
  const int rounds = (options.sequences + at_once - 1) / at_once;
  Exchange exchange;
  exchange.bytes = static_cast<double>(after.bytes_sent - before.bytes_sent) / options.repeats;
  // Weights gathered for forward and for backward, gradients reduced.
  exchange.formula_bytes =
      rounds * 3 * 4.0 * static_cast<double>(NumParameters(config)) * (ranks - 1) / ranks;
  const double active = after.active_seconds - before.active_seconds;
  const double waited = after.waited_seconds - before.waited_seconds;
  if (active > 0) exchange.overlap = std::max(0.0, 1 - waited / active);
  return exchange;
}

StatusOr<BenchModel> LoadModel(const Options& options) {
  HONE_ASSIGN_OR_RETURN(BenchModel model, LoadBenchModel(options.model));
  if (options.tokens > model.config().max_position_embeddings) {
    return absl::InvalidArgumentError(absl::StrCat("--tokens ", options.tokens,
                                                   " exceed the model's context of ",
                                                   model.config().max_position_embeddings));
  }
  if (options.prompt_tokens >= options.tokens) {
    return absl::InvalidArgumentError(absl::StrCat("--prompt-tokens ", options.prompt_tokens,
                                                   " leave nothing to learn of --tokens ",
                                                   options.tokens));
  }
  return model;
}

// A GPU's nominal rate without sparsity, by NVIDIA's data sheets; 0 where it is not known here.
double PeakFlops(absl::string_view gpu, Precision precision) {
  const bool half = precision == Precision::kBFloat16;
  if (absl::StrContains(gpu, "H100") || absl::StrContains(gpu, "H200"))
    return half ? 989e12 : 67e12;
  if (absl::StrContains(gpu, "A100")) return half ? 312e12 : 19.5e12;
  return 0;
}

std::string MfuJson(const std::string& gpu, Precision precision, double flops) {
  std::string json = ",\"gpu\":";
  AppendJsonString(gpu, &json);
  const double peak = PeakFlops(gpu, precision);
  if (peak > 0) absl::StrAppend(&json, ",\"mfu\":", flops / peak);
  return json;
}

Status BenchLearner(const Options& options) {
  TrainerResources resources;
  resources.ranks = NumStartedRanks();
  resources.device = options.device;
  HONE_ASSIGN_OR_RETURN(const Precision precision, ParsePrecision(options.dtype));
  HONE_ASSIGN_OR_RETURN(const Ranks ranks, JoinRanks(resources, RankLostFlag()));
  HONE_ASSIGN_OR_RETURN(const BenchModel model, LoadModel(options));
  const ModelConfig& config = model.config();
  std::vector<TrainSequence> sequences;
  for (int i = 0; i < options.sequences; ++i) {
    sequences.push_back({RandomTokens(config, options.tokens, i), options.prompt_tokens});
  }

  std::vector<StepReport> steps;
  double loss = 0;
  int64_t peak_bytes = 0;
  GemmRates gemm;
  std::string gpu;
  Exchange exchange;
  HONE_RETURN_IF_ERROR(CatchTorch([&]() -> Status {
    {
      LearnerOptions learner_options;
      learner_options.micro_batch_tokens = options.micro_batch_tokens;
      learner_options.recompute = options.recompute;
      learner_options.virtual_shards = options.virtual_shards;
      learner_options.precision = precision;
      learner_options.torch_device = TorchDevice(resources);
      Learner learner(model.weights, learner_options, ranks.learner());
      CollectiveStats before;
      for (int i = 0; i <= options.repeats; ++i) {
        const StepReport seconds = Step(options, sequences, resources.ranks, &learner);
        if (i == 0) loss = seconds.loss;
        if (i > 0) steps.push_back(seconds);  // the first one warms up
        if (i == 0) before = ranks.carrier().stats();
      }
      exchange = MeasureExchange(options, config, before, ranks.carrier().stats(), resources.ranks);
      HONE_RETURN_IF_ERROR(ranks.all->AllReduce("loss", &loss, 1).Wait());
      peak_bytes = PeakResidentBytes();
    }
    HONE_RETURN_IF_ERROR(ranks.all->Barrier("end").Wait());
    if (ranks.all->world().rank > 0) return absl::OkStatus();
    const int64_t at_once = options.sequences_at_once();
    const int64_t rows = at_once * options.tokens;
    const int64_t logit_rows = at_once * (options.tokens - options.prompt_tokens);
    if (resources.device == "cpu") {
      gemm = MeasureTrainingGemm(config, rows, logit_rows);
    } else {
      gemm.libtorch = MeasureTorchGemm(config, rows, logit_rows, TorchDevice(resources), precision);
      gpu = ExamineGpu({.device = Device::kCuda, .gpu = LocalRank()}).name;
    }
    return absl::OkStatus();
  }));
  if (ranks.all->world().rank > 0) return absl::OkStatus();

  const auto median = [&](auto phase) {
    std::vector<double> times;
    for (const StepReport& step : steps) times.push_back(phase(step));
    return Median(times);
  };
  const double seconds = median([](const StepReport& step) { return step.total(); });
  const double tokens = static_cast<double>(options.sequences) * options.tokens;
  const ForwardWork work{
      int64_t{options.sequences} * options.tokens,
      int64_t{options.sequences} * (options.tokens - options.prompt_tokens),
      int64_t{options.sequences} * options.tokens * (int64_t{options.tokens} + 1) / 2};
  const double flops = 3 * ForwardFlops(config, work) / seconds;  // backward is twice forward
  std::printf(
      "%s\n",
      absl::StrCat(
          BenchHeader(model, precision), ",\"device\":\"", options.device,
          "\",\"sequences\":", options.sequences, ",\"tokens\":", options.tokens,
          ",\"prompt_tokens\":", options.prompt_tokens, ",\"micro_batch_tokens\":",
          options.micro_batch_tokens, ",\"recompute\":", options.recompute ? "true" : "false",
          ",\"virtual_shards\":", options.virtual_shards, ",\"repeats\":", options.repeats,
          ",\"ranks\":", resources.ranks, ",\"loss\":", loss, ",\"seconds_per_step\":", seconds,
          ",\"seconds\":{\"forward\":", median([](const StepReport& s) { return s.forward; }),
          ",\"backward\":", median([](const StepReport& s) { return s.backward; }),
          ",\"update\":", median([](const StepReport& s) { return s.update; }),
          "},\"tokens_per_second\":", tokens / seconds, ",\"gflops\":", flops / 1e9,
          ",\"gemm_gflops\":", gemm.best() / 1e9, ",\"gemm\":{\"libtorch\":", gemm.libtorch / 1e9,
          ",\"onednn\":", gemm.onednn / 1e9, ",\"hone\":", gemm.hone / 1e9,
          "},\"fraction_of_limit\":", flops / (gemm.best() * resources.ranks),
          ",\"peak_bytes\":", peak_bytes, ",\"sent_bytes_per_step\":", exchange.bytes,
          ",\"zero3_bytes_per_step\":", exchange.formula_bytes, ",\"overlap\":", exchange.overlap,
          "}")
          .c_str());
  return absl::OkStatus();
}

}  // namespace

void AddBenchLearner(CLI::App* bench, Action* action) {
  CLI::App* app =
      bench->add_subcommand("learner", "tokens per second of forward, backward and update");
  app->footer(
      "One step over random sequences of one length, the loss over what follows the prompts; the\n"
      "median of --repeats after a warm-up. gflops counts three times the forward pass, causal\n"
      "attention as far as it looks, nothing for --recompute. gemm_gflops is the limit: the best\n"
      "of LibTorch, oneDNN and our kernels on the step's matrix products; on a GPU LibTorch's, "
      "and\n"
      "mfu is the share of the GPU's nominal rate.\n"
      "Under mpirun the ranks share the step, and the limit is rank 0's times their number;\n"
      "sent_bytes_per_step and overlap (the share of the exchange in which no arithmetic waited)\n"
      "are rank 0's.\n\n"
      "Example:\n  hone bench learner --shape mini --sequences 8 --tokens 512\n"
      "  mpirun -np 2 hone bench learner --shape mini --threads 1");
  auto o = std::make_shared<Options>();
  AddBenchModelOptions(app, &o->model);
  app->add_option("--sequences", o->sequences, "sequences of the step")
      ->check(CLI::Range(1, 1 << 14))
      ->capture_default_str();
  app->add_option("--tokens", o->tokens, "length of every sequence, its prompt included")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  app->add_option("--prompt-tokens", o->prompt_tokens, "tokens before those that carry the loss")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app->add_option("--micro-batch-tokens", o->micro_batch_tokens,
                  "tokens that go through the learner at once")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  app->add_flag("--recompute", o->recompute, "recompute each block's activations in backward");
  app->add_option("--virtual-shards", o->virtual_shards,
                  "parts of the step with the same bits on any number of ranks; 0: off")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app->add_option("--device", o->device, "cpu, or cuda: a GPU for each rank")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  app->add_option("--dtype", o->dtype, kDtypeHelp)->capture_default_str();
  AddRepeatsOption(app, &o->repeats);
  app->callback([o, action] { *action = [o] { return BenchLearner(*o); }; });
}

}  // namespace hone
