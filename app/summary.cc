#include "app/summary.h"

#include <cmath>
#include <filesystem>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "report/format.h"

namespace hone {
namespace {

std::optional<double> Value(const StepMetrics& metrics, absl::string_view name) {
  for (const auto& [key, value] : metrics.values) {
    if (key == name && !std::isnan(value)) return value;
  }
  return std::nullopt;
}

// The accuracy measured with the weights after `step`. Where a stage ends and the next begins,
// both may have measured: `last` chooses.
std::optional<double> HeldoutAt(const std::vector<StepMetrics>& metrics, int64_t step, bool last) {
  std::optional<double> found;
  for (const StepMetrics& line : metrics) {
    const std::optional<double> accuracy = Value(line, "heldout_accuracy");
    if (line.step == step && accuracy && (last || !found)) found = accuracy;
  }
  return found;
}

// "12.0% → 30.0%", as far as it was measured.
std::string Change(std::optional<double> before, std::optional<double> after) {
  const auto percent = [](double accuracy) { return absl::StrFormat("%.1f%%", 100 * accuracy); };
  if (!after) return "not measured";
  return before ? absl::StrCat(percent(*before), " → ", percent(*after)) : percent(*after);
}

// The hf/ folder of the newest checkpoint; empty without one.
std::string NewestModel(const RunFolder& folder) {
  std::string newest;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder.checkpoints(), error)) {
    const std::string name = entry.path().filename().string();
    const bool whole = absl::StartsWith(name, "step-") && !absl::StrContains(name, '.');
    if (whole && FileExists(entry.path().string() + "/hf")) newest = std::max(newest, name);
  }
  return newest.empty() ? "" : absl::StrCat(folder.checkpoints(), "/", newest, "/hf");
}

}  // namespace

StatusOr<std::string> SummarizeRun(const RunFolder& folder, const Experiment& experiment) {
  HONE_ASSIGN_OR_RETURN(const std::vector<StepMetrics> metrics, ReadMetrics(folder.metrics()));
  double seconds = 0;
  for (const StepMetrics& line : metrics) seconds += Value(line, "seconds").value_or(0);

  std::string out = absl::StrCat(experiment.name, " (seed ", experiment.seed,
                                 ") is done; its steps took ", FormatDuration(seconds), "\n");
  absl::StrAppendFormat(&out, "  %-8s %6s   %s\n", "stage", "steps", "held-out accuracy");
  int64_t begin = 0;
  for (const Stage& stage : experiment.stages) {
    const int64_t steps = stage.sft ? stage.sft->steps : stage.grpo->steps;
    absl::StrAppendFormat(&out, "  %-8s %6d   %s\n", stage.sft ? "sft" : "grpo", steps,
                          Change(HeldoutAt(metrics, begin, /*last=*/true),
                                 HeldoutAt(metrics, begin + steps, /*last=*/false)));
    begin += steps;
  }
  const std::string model = NewestModel(folder);
  if (!model.empty()) absl::StrAppend(&out, "  model    ", model, "\n");
  if (FileExists(folder.report())) absl::StrAppend(&out, "  report   ", folder.report(), "\n");
  return out;
}

}  // namespace hone
