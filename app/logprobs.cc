#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/command.h"
#include "app/jsonl.h"
#include "app/model_folder.h"
#include "app/process.h"
#include "kernels/parallel.h"
#include "trainer/learner/learner.h"
#include "trainer/torch_guard.h"

namespace hone {
namespace {

// Sequences that go to the learner at once, so that results are written as they come.
constexpr size_t kSequencesAtOnce = 256;

struct Options {
  std::string model, input, output, dtype = "float32";
  double temperature = 1;
  int threads = 0;
};

StatusOr<std::vector<TrainSequence>> ReadSequences(const std::string& path,
                                                   const ModelConfig& config) {
  std::vector<TrainSequence> sequences;
  HONE_RETURN_IF_ERROR(
      ReadJsonl(path, [&](const nlohmann::json& line, const std::string& where) -> Status {
        HONE_RETURN_IF_ERROR(CheckKeys(line, {"tokens"}, where));
        if (!line.contains("tokens")) {
          return absl::InvalidArgumentError(where + ": \"tokens\" is missing");
        }
        TrainSequence sequence{.tokens = {}, .prompt_size = 1};
        HONE_ASSIGN_OR_RETURN(sequence.tokens, TokenIds(line["tokens"], where));
        if (sequence.tokens.empty()) {
          return absl::InvalidArgumentError(where + ": \"tokens\" is empty");
        }
        if (static_cast<int>(sequence.tokens.size()) > config.max_position_embeddings) {
          return absl::InvalidArgumentError(absl::StrCat(where, ": ", sequence.tokens.size(),
                                                         " tokens, but the model's context is ",
                                                         config.max_position_embeddings));
        }
        for (const int32_t token : sequence.tokens) {
          if (token < config.vocab_size) continue;
          return absl::InvalidArgumentError(absl::StrCat(where, ": token ", token,
                                                         " is outside the vocabulary, which ends "
                                                         "at ",
                                                         config.vocab_size - 1));
        }
        sequences.push_back(std::move(sequence));
        return absl::OkStatus();
      }));
  return sequences;
}

Status Logprobs(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const Precision precision, ParsePrecision(options.dtype));
  SetNumThreads(options.threads);
  HONE_ASSIGN_OR_RETURN(LineFile output, LineFile::Create(options.output));
  HONE_ASSIGN_OR_RETURN(const Weights weights, LoadWeightsFolder(options.model, precision));
  HONE_ASSIGN_OR_RETURN(const std::vector<TrainSequence> sequences,
                        ReadSequences(options.input, weights.config()));
  HONE_RETURN_IF_ERROR(CatchTorch([&]() -> Status {
    LearnerOptions learner_options;
    learner_options.precision = precision;
    Learner learner(weights, learner_options);
    const absl::Span<const TrainSequence> all = sequences;
    for (size_t begin = 0; begin < all.size(); begin += kSequencesAtOnce) {
      if (StopFlag()) return absl::CancelledError("stopped");
      for (const TokenLogProbs& tokens : learner.LogProbs(
               all.subspan(begin, kSequencesAtOnce), static_cast<float>(options.temperature))) {
        std::string line = "{\"logprobs\":";
        AppendFloats(tokens.logprobs, &line);
        HONE_RETURN_IF_ERROR(output.Write(line + "}"));
      }
    }
    return absl::OkStatus();
  }));
  return output.Commit();
}

}  // namespace

void AddLogprobs(CLI::App* root, Action* action) {
  CLI::App* app =
      root->add_subcommand("logprobs", "log-probs of given tokens by the learner's forward pass");
  app->footer(
      "In: {\"tokens\": […]} a line. Out: {\"logprobs\": […]} of tokens 1 … n-1.\n\n"
      "Example:\n  hone logprobs --model DIR --input in.jsonl --output out.jsonl");
  auto o = std::make_shared<Options>();
  app->add_option("--model", o->model, "a Hugging Face folder")->required();
  app->add_option("--input", o->input, "JSON lines; - for stdin")->required();
  app->add_option("--output", o->output, "JSON lines; - for stdout")->required();
  app->add_option("--temperature", o->temperature, "of the softmax")
      ->check(CLI::Range(1e-3, 100.0))
      ->capture_default_str();
  app->add_option("--dtype", o->dtype, kDtypeHelp)->capture_default_str();
  app->add_option("--threads", o->threads, "0: all cores")->check(CLI::Range(0, 1024));
  app->callback([o, action] { *action = [o] { return Logprobs(*o); }; });
}

}  // namespace hone
