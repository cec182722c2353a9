#include "app/bench.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "base/philox.h"
#include "data/json_text.h"
#include "kernels/isa.h"
#include "kernels/parallel.h"

namespace hone {

void AddBench(CLI::App* root, Action* action) {
  CLI::App* app = root->add_subcommand("bench", "measure this machine; JSON on stdout");
  app->require_subcommand(1);
  app->footer(
      "Example:\n  hone bench rollout --shape nano --batch 64 --prompt-tokens 32 "
      "--max-tokens 128");
  AddBenchLearner(app, action);
  AddBenchReward(app, action);
  AddBenchRollout(app, action);
  AddBenchStep(app, action);
  AddBenchSync(app, action);
  AddBenchTokenizer(app, action);
}

void AddRepeatsOption(CLI::App* app, int* repeats) {
  app->add_option("--repeats", *repeats, "measurements")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
}

void AddBenchModelOptions(CLI::App* app, BenchModelOptions* options) {
  auto* source = app->add_option_group("model");
  source->add_option("--model", options->model, "a Hugging Face folder");
  source->add_option("--shape", options->shape, "random weights: nano (4.85M) or mini (27.3M)");
  source->require_option(1);
  app->add_option("--threads", options->threads, "0: all cores")->check(CLI::Range(0, 1024));
}

StatusOr<BenchModel> LoadBenchModel(const BenchModelOptions& options) {
  SetNumThreads(options.threads);
  if (!options.model.empty()) {
    HONE_ASSIGN_OR_RETURN(LoadedModel model, LoadModelFolder(options.model));
    return BenchModel{std::move(model.weights), std::move(model.tokenizer), options.model};
  }
  HONE_ASSIGN_OR_RETURN(const ModelConfig config, NamedShape(options.shape));
  return BenchModel{InitWeights(config, /*initializer_range=*/0.02, /*seed=*/7), std::nullopt,
                    options.shape};
}

std::vector<int32_t> RandomTokens(const ModelConfig& config, int64_t count, uint64_t index) {
  Random random(/*seed=*/7, index);
  std::vector<int32_t> tokens(count);
  for (int32_t& token : tokens) token = static_cast<int32_t>(random.Below(config.vocab_size));
  return tokens;
}

double SecondsNow() {
  using std::chrono::steady_clock;
  return std::chrono::duration<double>(steady_clock::now().time_since_epoch()).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string BenchHeader(const BenchModel& model, Precision precision) {
  std::string out = "{\"model\":";
  AppendJsonString(model.name, &out);
  absl::StrAppend(&out, ",\"parameters\":", NumParameters(model.config()), ",\"dtype\":\"",
                  Name(precision), "\",\"isa\":\"", Name(ActiveIsa()),
                  "\",\"threads\":", NumThreads());
  return out;
}

}  // namespace hone
