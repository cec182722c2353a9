// The parts of `hone bench`.
#ifndef HONE_APP_BENCH_H_
#define HONE_APP_BENCH_H_

#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/model_folder.h"

namespace hone {

// Each adds its benchmark to `bench`.
void AddBenchLearner(CLI::App* bench, Action* action);
void AddBenchReward(CLI::App* bench, Action* action);
void AddBenchRollout(CLI::App* bench, Action* action);
void AddBenchStep(CLI::App* bench, Action* action);
void AddBenchSync(CLI::App* bench, Action* action);
void AddBenchTokenizer(CLI::App* bench, Action* action);

// --repeats.
void AddRepeatsOption(CLI::App* app, int* repeats);

// --model and --shape, of which one is given, and --threads.
struct BenchModelOptions {
  std::string model, shape;
  int threads = 0;
};
void AddBenchModelOptions(CLI::App* app, BenchModelOptions* options);

struct BenchModel {
  Weights weights;
  std::optional<Tokenizer> tokenizer;  // random weights have none
  std::string name;

  const ModelConfig& config() const { return weights.config(); }
};
// Loads the folder or draws random weights, and sets the number of threads.
StatusOr<BenchModel> LoadBenchModel(const BenchModelOptions& options);

// Random tokens of the vocabulary; `index` tells prompts apart.
std::vector<int32_t> RandomTokens(const ModelConfig& config, int64_t count, uint64_t index);

double SecondsNow();
double Median(std::vector<double> values);  // not empty

// {"model":…,"parameters":…,"dtype":…,"isa":…,"threads":… without the closing brace.
std::string BenchHeader(const BenchModel& model, Precision precision = Precision::kFloat32);

}  // namespace hone

#endif  // HONE_APP_BENCH_H_
