#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/command.h"
#include "app/jsonl.h"
#include "app/model_folder.h"
#include "app/process.h"
#include "app/sampling.h"
#include "base/file.h"
#include "base/log.h"
#include "data/json_text.h"
#include "kernels/attention.h"
#include "kernels/isa.h"
#include "kernels/parallel.h"
#include "model/hf_folder.h"

namespace hone {
namespace {

struct Options {
  std::string model, input, output, stats;
  DecoderFlags decoder;
  SamplingParams sampling;
  int n = 1;
  int max_sequences = 64;
  int threads = 0;
  bool ignore_eos = false;
};

double Now() {
  using std::chrono::steady_clock;
  return std::chrono::duration<double>(steady_clock::now().time_since_epoch()).count();
}

struct Prompts {
  std::vector<GenerateRequest> requests;
  int64_t tokens = 0;
  int64_t longest = 0;
};

// Without tokenizer.json only token ids can go in and out.
struct Model {
  Weights weights;
  std::optional<Tokenizer> tokenizer;

  const ModelConfig& config() const { return weights.config(); }
};

StatusOr<Model> LoadModel(const std::string& folder, Precision precision) {
  Model model;
  HONE_ASSIGN_OR_RETURN(model.weights, LoadWeightsFolder(folder, precision));
  if (FileExists(absl::StrCat(folder, "/tokenizer.json"))) {
    HONE_ASSIGN_OR_RETURN(model.tokenizer, LoadTokenizerFolder(folder));
    HONE_RETURN_IF_ERROR(CheckTokenizerFits(*model.tokenizer, model.config(), folder));
  }
  return model;
}

StatusOr<std::vector<int32_t>> PromptTokens(const nlohmann::json& line, const std::string& where,
                                            const Model& model) {
  HONE_RETURN_IF_ERROR(CheckKeys(line, {"prompt", "tokens"}, where));
  if (line.contains("prompt") == line.contains("tokens")) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": give either \"prompt\" or \"tokens\""));
  }
  if (line.contains("tokens")) return TokenIds(line["tokens"], where);
  HONE_ASSIGN_OR_RETURN(const std::string text, StringField(line, "prompt", where));
  if (!model.tokenizer) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": the model has no tokenizer.json; give \"tokens\" instead"));
  }
  auto tokens = model.tokenizer->Encode(text, /*add_special_tokens=*/true);
  if (!tokens.ok()) return Annotate(tokens.status(), where);
  return tokens;
}

// What the engine would refuse, refused before anything is generated and with the line's place.
Status CheckPrompt(const std::vector<int32_t>& tokens, const ModelConfig& config,
                   const std::string& where) {
  if (tokens.empty()) return absl::InvalidArgumentError(where + ": the prompt has no tokens");
  for (const int32_t token : tokens) {
    if (token < config.vocab_size) continue;
    return absl::InvalidArgumentError(absl::StrCat(where, ": token ", token,
                                                   " is outside the vocabulary, which ends at ",
                                                   config.vocab_size - 1));
  }
  if (static_cast<int>(tokens.size()) < config.max_position_embeddings) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(where, ": the prompt has ", tokens.size(),
                                                 " tokens and the model's context is ",
                                                 config.max_position_embeddings));
}

StatusOr<Prompts> ReadPrompts(const Options& options, const Model& model) {
  Prompts prompts;
  SamplingParams sampling = options.sampling;
  sampling.stop_tokens = model.config().eos_token_ids;
  HONE_RETURN_IF_ERROR(
      ReadJsonl(options.input, [&](const nlohmann::json& line, const std::string& where) -> Status {
        HONE_ASSIGN_OR_RETURN(std::vector<int32_t> tokens, PromptTokens(line, where, model));
        HONE_RETURN_IF_ERROR(CheckPrompt(tokens, model.config(), where));
        prompts.tokens += static_cast<int64_t>(tokens.size());
        prompts.longest = std::max(prompts.longest, static_cast<int64_t>(tokens.size()));
        prompts.requests.push_back(
            {prompts.requests.size(), std::move(tokens), options.n, sampling});
        return absl::OkStatus();
      }));
  return prompts;
}

std::string ToLine(const FinishedRequest& request, const std::optional<Tokenizer>& tokenizer) {
  std::string line = absl::StrCat("{\"index\":", request.prompt_id, ",\"completions\":[");
  for (size_t i = 0; i < request.completions.size(); ++i) {
    const Completion& completion = request.completions[i];
    absl::StrAppend(&line, i ? "," : "", "{\"tokens\":");
    AppendTokenIds(completion.tokens, &line);
    absl::StrAppend(&line, ",\"text\":");
    if (tokenizer) {
      AppendJsonString(tokenizer->Decode(completion.tokens, /*skip_special=*/true), &line);
    } else {
      line += "null";
    }
    absl::StrAppend(&line, ",\"logprobs\":");
    AppendFloats(completion.logprobs, &line);
    absl::StrAppend(&line, ",\"finish_reason\":\"", Name(completion.finish_reason), "\"}");
  }
  return line + "]}";
}

Status Generate(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const DecoderOptions decoder, ParseDecoder(options.decoder));
  SetNumThreads(options.threads);
  HONE_ASSIGN_OR_RETURN(LineFile output, LineFile::Create(options.output));
  const double begin = Now();
  HONE_ASSIGN_OR_RETURN(const Model model, LoadModel(options.model, decoder.precision));
  HONE_ASSIGN_OR_RETURN(Prompts prompts, ReadPrompts(options, model));
  const size_t num_prompts = prompts.requests.size();
  const int64_t longest = prompts.longest + options.sampling.max_tokens;
  EngineOptions engine_options =
      SizeEngine(model.config(), options.max_sequences, longest, decoder);
  engine_options.ignore_stop = options.ignore_eos;
  Engine engine(model.config(), engine_options);
  engine.SetWeights(model.weights);
  if (engine.SequencesThatFit(longest) < options.max_sequences) {
    LogInfo(engine.DescribeCapacity(longest));
  }

  const double loaded = Now();
  HONE_RETURN_IF_ERROR(SampleAll(&engine, std::move(prompts.requests), StopFlag(),
                                 [&](const FinishedRequest& request) {
                                   return output.Write(ToLine(request, model.tokenizer));
                                 }));
  const double seconds = Now() - loaded;
  HONE_RETURN_IF_ERROR(output.Commit());
  if (options.stats.empty()) return absl::OkStatus();
  const EngineStats engine_stats = engine.stats();
  std::string stats = absl::StrCat("{\"generated_tokens\":", engine.generated_tokens(),
                                   ",\"seconds\":", seconds, ",\"tokens_per_second\":");
  AppendJsonNumber(engine.generated_tokens() / std::max(seconds, 1e-9), &stats);
  absl::StrAppend(&stats, ",\"prompts\":", num_prompts, ",\"prompt_tokens\":", prompts.tokens,
                  ",\"completions\":", num_prompts * options.n,
                  ",\"kv_cache_tokens\":", engine_stats.kv_blocks * kKvBlockTokens,
                  ",\"sequences_that_fit\":", engine.SequencesThatFit(longest),
                  ",\"preemptions\":", engine_stats.preemptions,
                  ",\"drafted_tokens\":", engine_stats.drafted_tokens,
                  ",\"accepted_tokens\":", engine_stats.accepted_tokens,
                  ",\"loading_seconds\":", loaded - begin, ",\"isa\":\"", Name(ActiveIsa()),
                  "\",\"threads\":", NumThreads(), ",\"dtype\":\"", options.decoder.dtype,
                  "\",\"device\":\"", options.decoder.device, "\"}\n");
  return WriteFileAtomically(options.stats, stats);
}

}  // namespace

void AddGenerate(CLI::App* root, Action* action) {
  CLI::App* app = root->add_subcommand("generate", "sample completions of many prompts");
  app->footer(
      "In: {\"prompt\": \"…\"} or {\"tokens\": […]} a line. Out, in the same order: {\"index\",\n"
      "\"completions\": [{\"tokens\", \"text\", \"logprobs\", \"finish_reason\"}]}. \"text\" is "
      "null "
      "for a\nmodel without tokenizer.json. Logprobs are those of the full softmax at the "
      "temperature (at\n1 with --temperature 0).\n\n"
      "Example:\n  hone generate --model runs/r/checkpoints/step-000100/hf --input prompts.jsonl "
      "\\\n    --output out.jsonl --n 4 --max-tokens 128");
  auto o = std::make_shared<Options>();
  app->add_option("--model", o->model, "a Hugging Face folder")->required();
  app->add_option("--input", o->input, "prompts, JSON lines; - for stdin")->required();
  app->add_option("--output", o->output, "completions, JSON lines; - for stdout")->required();
  app->add_option("--max-tokens", o->sampling.max_tokens, "longest completion")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app->add_option("--temperature", o->sampling.temperature, "0: greedy")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  app->add_option("--top-p", o->sampling.top_p, "nucleus; 1: off")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  app->add_option("--n", o->n, "completions of each prompt")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  app->add_option("--seed", o->sampling.seed, "of the random draws")->capture_default_str();
  app->add_flag("--ignore-eos", o->ignore_eos, "go on to --max-tokens in any case");
  AddDecoderFlags(app, &o->decoder);
  app->add_option("--stats", o->stats, "write tokens, seconds and rate (loading excluded) here");
  app->add_option("--max-sequences", o->max_sequences, "completions decoded together")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  app->add_option("--threads", o->threads, "0: all cores")->check(CLI::Range(0, 1024));
  app->callback([o, action] { *action = [o] { return Generate(*o); }; });
}

}  // namespace hone
