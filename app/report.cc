#include "report/report.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/command.h"
#include "base/file.h"

namespace hone {
namespace {

struct Options {
  std::vector<std::string> runs;
  std::string output;
};

Status Report(const Options& options) {
  std::vector<RunFolder> folders;
  for (const std::string& run : options.runs) {
    folders.push_back({run});
    if (!FileExists(folders.back().experiment())) {
      return absl::InvalidArgumentError(
          absl::StrCat(run, " is not a run folder: it has no experiment.yaml"));
    }
  }
  if (folders.size() > 1 && options.output.empty()) {
    return absl::InvalidArgumentError("several runs in one report: say where with --output FILE");
  }
  if (options.output.empty()) {
    HONE_RETURN_IF_ERROR(WriteReport(folders.front()));
    std::fprintf(stderr, "wrote %s\n", folders.front().report().c_str());
    return absl::OkStatus();
  }
  HONE_ASSIGN_OR_RETURN(const std::string html, RenderReport(folders));
  HONE_RETURN_IF_ERROR(WriteFileAtomically(options.output, html));
  std::fprintf(stderr, "wrote %s\n", options.output.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddReport(CLI::App* root, Action* action) {
  CLI::App* app =
      root->add_subcommand("report", "one HTML file of a run, or of several to compare");
  app->footer(
      "Example:\n  hone report runs/countdown-seed7\n"
      "  hone report runs/countdown-seed7 runs/countdown-seed8 --output compared.html");
  auto o = std::make_shared<Options>();
  app->add_option("RUN_DIR", o->runs, "run folders")->required();
  app->add_option("--output", o->output, "default: report.html in the run folder");
  app->callback([o, action] { *action = [o] { return Report(*o); }; });
}

}  // namespace hone
