#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/command.h"
#include "app/jsonl.h"
#include "app/task_choice.h"
#include "data/json_text.h"
#include "data/task.h"

namespace hone {
namespace {

struct Options {
  std::string task, output = "-";
  std::vector<std::string> overrides;
  int64_t count = 4;
  uint64_t seed = 7;
  bool heldout = false;
  bool demonstrations = false;
};

std::string Line(absl::string_view prompt, absl::string_view key, absl::string_view text) {
  std::string line = "{\"prompt\":";
  AppendJsonString(prompt, &line);
  absl::StrAppend(&line, ",\"", key, "\":");
  AppendJsonString(text, &line);
  return line + "}";
}

StatusOr<std::string> LineOf(const Task& task, const Options& options, int64_t index) {
  if (options.demonstrations) {
    HONE_ASSIGN_OR_RETURN(const Demonstration shown, task.MakeDemonstration(options.seed, index));
    return Line(shown.prompt, "completion", shown.completion);
  }
  HONE_ASSIGN_OR_RETURN(const Problem problem, options.heldout
                                                   ? task.HeldoutProblem(index)
                                                   : task.TrainProblem(options.seed, index));
  return Line(problem.prompt, "answer", problem.answer);
}

Status Problems(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const SourceSpec source, ParseTaskChoice(options.task, options.overrides));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Task> task, MakeTask(source, TextOnlyTools()));
  if (options.heldout && options.count > task->num_heldout()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--count ", options.count, ": the task holds out ", task->num_heldout(), " problems"));
  }
  HONE_ASSIGN_OR_RETURN(LineFile output, LineFile::Create(options.output));
  for (int64_t i = 0; i < options.count; ++i) {
    HONE_ASSIGN_OR_RETURN(const std::string line, LineOf(*task, options, i));
    HONE_RETURN_IF_ERROR(output.Write(line));
  }
  return output.Commit();
}

}  // namespace

void AddProblems(CLI::App* root, Action* action) {
  CLI::App* app = root->add_subcommand("problems", "what a task gives to train on and to measure");
  app->footer(
      "Out: {\"prompt\", \"answer\"} a line, the answer as `hone grade` takes it; with "
      "--demonstrations\n{\"prompt\", \"completion\"}.\n\n"
      "Example:\n  hone problems --task sudoku num_blanks=8 --count 2");
  auto o = std::make_shared<Options>();
  app->add_option("--task", o->task, "a task's name, or a map as in an experiment's `task:`")
      ->required();
  app->add_option("KEY=VALUE", o->overrides, "fields of the task");
  app->add_option("--count", o->count, "how many, from the first")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  app->add_option("--seed", o->seed, "of the run that draws them")->capture_default_str();
  CLI::Option* heldout = app->add_flag("--heldout", o->heldout, "the held-out ones instead");
  app->add_flag("--demonstrations", o->demonstrations, "what sft teaches")->excludes(heldout);
  app->add_option("--output", o->output, "JSON lines; - for stdout")->capture_default_str();
  app->callback([o, action] { *action = [o] { return Problems(*o); }; });
}

}  // namespace hone
