#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "app/command.h"
#include "config/nearest.h"
#include "hone_version.h"
#include "kernels/isa.h"

namespace hone {
namespace {

constexpr int kUsageError = 2;

int Fail(int code, absl::string_view message) {
  std::fprintf(stderr, "hone: %.*s\n", static_cast<int>(message.size()), message.data());
  return code;
}

std::vector<std::string> SubcommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
  return names;
}

// The subcommand that the words name (its path, e.g. "bench step"), as far as they do.
const CLI::App* Named(const CLI::App& root, int argc, char** argv, int* used) {
  const CLI::App* app = &root;
  for (*used = 1; *used < argc; ++*used) {
    const CLI::App* next = nullptr;
    for (const CLI::App* sub : app->get_subcommands({})) {
      if (sub->get_name() == argv[*used]) next = sub;
    }
    if (next == nullptr) break;
    app = next;
  }
  return app;
}

// A word of the command line that is close to nothing the program knows gets a suggestion; other
// mistakes are told in CLI11's words.
std::string Explain(const CLI::App& root, int argc, char** argv, const CLI::ParseError& error) {
  int used = 1;
  const CLI::App* app = Named(root, argc, argv, &used);
  std::string command = "hone";
  for (int i = 1; i < used; ++i) absl::StrAppend(&command, " ", argv[i]);
  const std::string help = absl::StrCat(" (see `", command, " --help`)");
  const std::vector<std::string> subcommands = SubcommandNames(*app);
  if (!subcommands.empty()) {
    if (used == argc) return absl::StrCat("a command is missing", help);
    if (argv[used][0] != '-') {
      return absl::StrCat("there is no command `", argv[used], "`",
                          Suggestion(argv[used], subcommands), help);
    }
  }
  std::vector<std::string> known;
  for (const CLI::Option* option : app->get_options({})) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (int i = used; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (!absl::StartsWith(word, "--") || word == "--") continue;
    bool found = false;
    for (const std::string& name : known) found = found || name == word;
    if (!found) {
      const std::string nearest = NearestOf(word, known);
      return absl::StrCat("there is no option `", word, "`",
                          nearest.empty() ? "" : absl::StrCat("; did you mean `", nearest, "`?"),
                          help);
    }
  }
  return absl::StrCat(error.what(), help);
}

int Main(int argc, char** argv) {
  const Status isa = InitIsa();

  CLI::App root("Hone trains language models to reason by reinforcement learning.", "hone");
  root.require_subcommand(1);
  root.set_version_flag("--version", absl::StrCat("hone ", kVersion, " (", kCommit, ")"));
  root.footer(
      "Example:\n  hone run experiments/countdown-cpu.yaml\n\n"
      "Each command explains itself: hone run --help");
  Action action;
  AddRun(&root, &action);
  AddEval(&root, &action);
  AddGenerate(&root, &action);
  AddExport(&root, &action);
  AddReport(&root, &action);
  AddTokenize(&root, &action);
  AddLogprobs(&root, &action);
  AddGrade(&root, &action);
  AddProblems(&root, &action);
  AddLoss(&root, &action);
  AddRoles(&root, &action);
  AddBench(&root, &action);
  AddDoctor(&root, &action);

  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return root.exit(error);  // --help, --version
    return Fail(kUsageError, Explain(root, argc, argv, error));
  }
  // doctor's task is to say what a machine lacks.
  if (!isa.ok() && !root.got_subcommand("doctor")) return Fail(ExitCode(isa), isa.message());
  const Status status = action();
  if (!status.ok() && status.message().empty()) return ExitCode(status);
  if (!status.ok()) return Fail(ExitCode(status), status.message());
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) return Fail(1, "cannot write to stdout");
  return 0;
}

}  // namespace
}  // namespace hone

int main(int argc, char** argv) {
  try {
    return hone::Main(argc, argv);
  } catch (const std::bad_alloc&) {
    return hone::Fail(1, "out of memory; a smaller batch, context or KV cache needs less");
  } catch (const std::exception& error) {
    return hone::Fail(1, error.what());
  }
}
