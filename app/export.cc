#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/command.h"
#include "base/file.h"
#include "model/hf_folder.h"

namespace hone {
namespace {

struct Options {
  std::string checkpoint, output, dtype;
};

// The Hugging Face folder inside a run's checkpoint, or the folder itself.
StatusOr<std::string> ModelFolder(const std::string& checkpoint) {
  for (const std::string& folder : {checkpoint + "/hf", checkpoint}) {
    if (FileExists(folder + "/config.json")) return folder;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--checkpoint ", checkpoint,
      ": neither a run's checkpoint (checkpoints/step-NNNNNN, which has hf/config.json) nor a "
      "Hugging Face folder (which has config.json)"));
}

// Nullopt: each tensor as it is.
StatusOr<std::optional<DType>> ParseDtype(const std::string& name) {
  if (name.empty()) return std::nullopt;
  if (name == "float32") return DType::kF32;
  if (name == "bfloat16") return DType::kBF16;
  if (name == "float16") return DType::kF16;
  return absl::InvalidArgumentError(
      absl::StrCat("--dtype ", name, ": valid ones are float32, bfloat16, float16"));
}

Status Export(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const std::optional<DType> dtype, ParseDtype(options.dtype));
  HONE_ASSIGN_OR_RETURN(const std::string folder, ModelFolder(options.checkpoint));
  HONE_ASSIGN_OR_RETURN(const HfModel model, LoadHfFolder(folder));
  return SaveHfFolder(options.output, model.weights, model.origin, dtype);
}

}  // namespace

void AddExport(CLI::App* root, Action* action) {
  CLI::App* app = root->add_subcommand("export", "a checkpoint as a Hugging Face folder");
  app->footer(
      "Writes config.json, one model.safetensors and every other file that came with the model\n"
      "(tokenizer, chat template, licence, …; no other weights, no subfolders). Without --dtype\n"
      "each tensor keeps its bytes. Nothing that the folder brings is run, and a link out of it\n"
      "is refused.\n\n"
      "Example:\n  hone export --checkpoint runs/r/checkpoints/step-000100 --output my-model "
      "--dtype bfloat16");
  auto o = std::make_shared<Options>();
  app->add_option("--checkpoint", o->checkpoint,
                  "a run's checkpoints/step-NNNNNN, or a Hugging Face folder")
      ->required();
  app->add_option("--output", o->output, "the new folder; must not exist or be empty")->required();
  app->add_option("--dtype", o->dtype,
                  "float32, bfloat16 or float16 for all tensors, rounded to nearest");
  app->callback([o, action] { *action = [o] { return Export(*o); }; });
}

}  // namespace hone
