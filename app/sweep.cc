#include "app/sweep.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace hone {
namespace {

std::string FitForFolder(const std::string& value) {
  std::string name = value;
  for (char& c : name) {
    if (!absl::ascii_isalnum(c)) c = '_';
  }
  return name;
}

}  // namespace

std::vector<SweepRun> SweepRuns(const Experiment& experiment) {
  if (experiment.sweep.empty()) return {};
  std::vector<SweepRun> runs = {{"", {"sweep=[]"}}};
  for (const SweepSpec& dimension : experiment.sweep) {
    std::vector<SweepRun> longer;
    for (const SweepRun& run : runs) {
      for (const std::string& value : dimension.values) {
        SweepRun& next = longer.emplace_back(run);
        absl::StrAppend(&next.name, next.name.empty() ? "" : "-", FitForFolder(value));
        next.overrides.push_back(absl::StrCat(dimension.key, "=", value));
      }
    }
    runs = std::move(longer);
  }
  for (SweepRun& run : runs) {
    run.overrides.push_back(absl::StrCat("name=", experiment.name, "-", run.name));
  }
  return runs;
}

}  // namespace hone
