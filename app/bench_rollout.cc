#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/bench.h"
#include "app/process.h"
#include "app/roofline.h"
#include "app/sampling.h"
#include "kernels/attention.h"

namespace hone {
namespace {

struct Options {
  BenchModelOptions model;
  int batch = 64;
  int prompt_tokens = 32;
  int max_tokens = 128;
  int n = 1;
  int repeats = 3;
  DecoderFlags decoder;
  std::string speculation = "measured";
  double temperature = 1;
};

std::vector<GenerateRequest> MakeRequests(const Options& options, const ModelConfig& config,
                                          int max_tokens) {
  SamplingParams sampling;
  sampling.max_tokens = max_tokens;
  sampling.temperature = static_cast<float>(options.temperature);
  std::vector<GenerateRequest> requests;
  for (int i = 0; i < options.batch / options.n; ++i) {
    const uint64_t id = requests.size();
    requests.push_back({id, RandomTokens(config, options.prompt_tokens, id), options.n, sampling});
  }
  return requests;
}

// Seconds for the whole batch, prompts included.
StatusOr<double> TimeBatch(Engine* engine, std::vector<GenerateRequest> requests) {
  const double begin = SecondsNow();
  HONE_RETURN_IF_ERROR(SampleAll(engine, std::move(requests), StopFlag(),
                                 [](const FinishedRequest&) { return absl::OkStatus(); }));
  return SecondsNow() - begin;
}

// What decoding must read: all weights in each step, and the keys and values of each sequence.
double BytesRead(const Options& options, const ModelConfig& config, const DecoderOptions& decoder) {
  const double element = decoder.precision == Precision::kFloat32 ? 4 : 2;
  const double mean_context = options.prompt_tokens + options.max_tokens / 2.0;
  const double token_bytes = static_cast<double>(KvBlockBytes(config, decoder)) / kKvBlockTokens;
  return options.max_tokens * (static_cast<double>(NumParameters(config)) * element +
                               options.batch * mean_context * token_bytes);
}

Status BenchRollout(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const DecoderOptions decoder, ParseDecoder(options.decoder));
  const Precision precision = decoder.precision;
  if (options.batch % options.n != 0) {
    return absl::InvalidArgumentError("--batch must be a multiple of --n");
  }
  HONE_ASSIGN_OR_RETURN(BenchModel model, LoadBenchModel(options.model));
  const ModelConfig& config = model.config();
  const int longest = options.prompt_tokens + options.max_tokens;
  if (longest > config.max_position_embeddings) {
    return absl::InvalidArgumentError(
        absl::StrCat("a prompt of ", options.prompt_tokens, " and ", options.max_tokens,
                     " tokens exceed the model's context of ", config.max_position_embeddings));
  }
  EngineOptions engine_options = SizeEngine(config, options.batch, longest, decoder);
  engine_options.ignore_stop = true;
  HONE_ASSIGN_OR_RETURN(engine_options.speculation, ParseSpeculation(options.speculation));
  RoundWeights(precision, &model.weights);
  Engine engine(config, engine_options);
  engine.SetWeights(model.weights);

  HONE_RETURN_IF_ERROR(
      TimeBatch(&engine, MakeRequests(options, config, std::min(options.max_tokens, 8))).status());
  std::vector<double> times;
  for (int i = 0; i < options.repeats; ++i) {
    HONE_ASSIGN_OR_RETURN(const double time,
                          TimeBatch(&engine, MakeRequests(options, config, options.max_tokens)));
    times.push_back(time);
  }
  const double seconds = Median(times);
  const double tokens = static_cast<double>(options.batch) * options.max_tokens;
  const double flops =
      ForwardFlops(config, GenerationWork(options.batch / options.n, options.n,
                                          options.prompt_tokens, options.max_tokens)) /
      seconds;
  std::string line = absl::StrCat(
      BenchHeader(model, precision), ",\"device\":\"", options.decoder.device,
      "\",\"exact\":", decoder.exact ? "true" : "false", ",\"batch\":", options.batch,
      ",\"prompt_tokens\":", options.prompt_tokens, ",\"max_tokens\":", options.max_tokens,
      ",\"n\":", options.n, ",\"speculation\":\"", options.speculation,
      "\",\"drafted_tokens\":", engine.stats().drafted_tokens,
      ",\"accepted_tokens\":", engine.stats().accepted_tokens, ",\"repeats\":", options.repeats,
      ",\"seconds\":", seconds, ",\"tokens_per_second\":", tokens / seconds,
      ",\"gflops\":", flops / 1e9);
  if (decoder.device == Device::kCpu) {
    const double limit = MeasureMatMulFlops(config, options.batch, precision);
    absl::StrAppend(&line, ",\"gemm_gflops\":", limit / 1e9,
                    ",\"fraction_of_limit\":", flops / limit);
  } else {
    const GpuReport gpu = ExamineGpu(decoder);
    const double rate = BytesRead(options, config, decoder) / seconds;
    absl::StrAppend(&line, ",\"gpu\":\"", gpu.name, "\",\"gigabytes_per_second\":", rate / 1e9,
                    ",\"copy_gigabytes_per_second\":", gpu.bytes_per_second / 1e9,
                    ",\"fraction_of_bandwidth\":", rate / gpu.bytes_per_second);
  }
  std::printf("%s}\n", line.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddBenchRollout(CLI::App* bench, Action* action) {
  CLI::App* app = bench->add_subcommand("rollout", "tokens per second of the rollout engine");
  app->footer(
      "Decodes --batch sequences to --max-tokens, prompts included, loading excluded; the median\n"
      "of --repeats. fraction_of_limit: its FLOP/s over the best of our matrix product here.\n"
      "On a GPU fraction_of_bandwidth: the bytes that decoding must read, over those of a copy.\n\n"
      "Example:\n  hone bench rollout --shape nano --batch 64 --prompt-tokens 32 "
      "--max-tokens 128");
  auto o = std::make_shared<Options>();
  AddBenchModelOptions(app, &o->model);
  app->add_option("--batch", o->batch, "sequences decoded together")
      ->check(CLI::Range(1, 1 << 14))
      ->capture_default_str();
  app->add_option("--prompt-tokens", o->prompt_tokens, "length of the random prompts")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app->add_option("--max-tokens", o->max_tokens, "tokens of every completion")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app->add_option("--n", o->n, "completions of each prompt; divides --batch")
      ->check(CLI::Range(1, 1 << 14))
      ->capture_default_str();
  app->add_option("--temperature", o->temperature, "of sampling; 0: greedy")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  app->add_option("--speculation", o->speculation, "measured (where it is faster), off or always")
      ->capture_default_str();
  AddRepeatsOption(app, &o->repeats);
  AddDecoderFlags(app, &o->decoder);
  app->callback([o, action] { *action = [o] { return BenchRollout(*o); }; });
}

}  // namespace hone
