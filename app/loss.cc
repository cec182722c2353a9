#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "app/command.h"
#include "app/jsonl.h"
#include "app/loss_batch.h"
#include "base/file.h"
#include "model/json.h"

namespace hone {
namespace {

constexpr JsonLimits kBatchLimits{.max_bytes = size_t{1} << 30, .max_depth = 16};

struct Options {
  std::string input, output;
};

Status Loss(const Options& options) {
  const bool is_stdin = options.input == "-";
  const std::string name = is_stdin ? "stdin" : options.input;
  StatusOr<std::string> text = ReadFile(is_stdin ? "/dev/stdin" : options.input);
  if (absl::IsNotFound(text.status())) return absl::InvalidArgumentError(text.status().message());
  if (!text.ok()) return text.status();
  HONE_ASSIGN_OR_RETURN(const nlohmann::json input, ParseJson(*text, kBatchLimits, name));
  HONE_ASSIGN_OR_RETURN(const std::string out, EvaluateLossBatch(input, name));
  HONE_ASSIGN_OR_RETURN(LineFile output, LineFile::Create(options.output));
  HONE_RETURN_IF_ERROR(output.Write(out));
  return output.Commit();
}

}  // namespace

void AddLoss(CLI::App* root, Action* action) {
  CLI::App* app =
      root->add_subcommand("loss", "evaluate an algorithm on recorded numbers, in fp64");
  app->footer(
      "In: {\"algorithm\": {…} or a preset's name, \"rewards\": [B], \"groups\": [B], "
      "\"logprobs\", \"old_logprobs\",\n\"mask\": [B][T]}, and where the algorithm needs them "
      "\"ref_logprobs\", \"rollout_logprobs\", \"entropies\": [B][T].\nOut: {\"loss\", "
      "\"advantages\": [B], \"gradient\": [B][T], \"metrics\"}; the gradient is that of the loss "
      "with\nrespect to logprobs. With entropies also \"entropy_gradient\". See "
      "docs/algorithms.md.\n\n"
      "Example:\n  hone loss --input batch.json --output out.json");
  auto o = std::make_shared<Options>();
  app->add_option("--input", o->input, "a JSON file; - for stdin")->required();
  app->add_option("--output", o->output, "a JSON file; - for stdout")->required();
  app->callback([o, action] { *action = [o] { return Loss(*o); }; });
}

}  // namespace hone
