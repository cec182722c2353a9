#include "report/run_data.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "config/load.h"
#include "report/samples.h"

namespace hone {
namespace {

constexpr size_t kLeastSummaries = 64;
constexpr absl::string_view kTrain = "train";
constexpr absl::string_view kHeldout = "heldout";
constexpr absl::string_view kReinforcement = "grpo";

struct RolloutFile {
  int64_t step = 0;
  std::string split;
  std::string path;
};

// ListRollouts() gives files named step-NNNNNN.SPLIT.jsonl.zst.
RolloutFile ParsePath(const std::string& path) {
  RolloutFile file;
  file.path = path;
  const std::string name = std::filesystem::path(path).filename().string();
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '.');
  absl::string_view step = parts[0];
  if (absl::ConsumePrefix(&step, "step-") && absl::SimpleAtoi(step, &file.step) &&
      parts.size() > 1) {
    file.split = std::string(parts[1]);
  }
  return file;
}

// Evenly spaced, the first and the last among them.
std::vector<RolloutFile> Thin(const std::vector<RolloutFile>& files, size_t max_files) {
  if (files.size() <= max_files) return files;
  std::vector<RolloutFile> kept;
  for (size_t i = 0; i < max_files; ++i) {
    kept.push_back(files[i * (files.size() - 1) / (max_files - 1)]);
  }
  return kept;
}

class Loader {
 public:
  Loader(const RunFolder& folder, int64_t rollout_bytes)
      : folder_(folder), rollout_bytes_(rollout_bytes) {}

  RunData Load() {
    run_.name = std::filesystem::path(folder_.root).lexically_normal().filename().string();
    if (run_.name.empty()) run_.name = folder_.root;
    LoadExperimentFile();
    LoadMetrics();
    LoadRollouts();
    LoadLedger();
    return std::move(run_);
  }

 private:
  void Note(const Status& status) { run_.notes.emplace_back(status.message()); }

  void LoadExperimentFile() {
    StatusOr<std::string> yaml = ReadFile(folder_.experiment());
    if (!yaml.ok()) return Note(yaml.status());
    run_.yaml = *std::move(yaml);
    StatusOr<Experiment> experiment = ParseExperiment(run_.yaml, "experiment.yaml", {});
    if (!experiment.ok()) return Note(experiment.status());
    run_.experiment = *std::move(experiment);
    if (!run_.experiment->name.empty()) run_.name = run_.experiment->name;
  }

  void LoadMetrics() {
    if (!FileExists(folder_.metrics())) return;
    StatusOr<std::vector<StepMetrics>> metrics = ReadMetrics(folder_.metrics());
    if (!metrics.ok()) return Note(metrics.status());
    run_.metrics = *std::move(metrics);
    for (const StepMetrics& line : run_.metrics) {
      // A measurement before a stage's first step stands at the last step of the stage before.
      const int64_t before = run_.stages.empty() ? 0 : run_.stages.back().last;
      if (line.step <= before) continue;
      if (run_.stages.empty() || run_.stages.back().name != line.stage) {
        run_.stages.push_back({line.stage, line.step, line.step});
      }
      run_.stages.back().last = line.step;
    }
    run_.jumps = FindJumps(run_);
  }

  void LoadRollouts() {
    if (!FileExists(folder_.rollouts())) return;
    const StatusOr<std::vector<std::string>> paths = ListRollouts(folder_);
    if (!paths.ok()) return Note(paths.status());
    std::vector<RolloutFile> train, heldout;
    for (const std::string& path : *paths) {
      RolloutFile file = ParsePath(path);
      if (file.split == kTrain) train.push_back(file);
      if (file.split == kHeldout) heldout.push_back(file);
    }
    LoadHeldout(heldout);
    for (const RolloutFile& file : ChooseTrain(train)) {
      if (std::optional<RolloutSet> set = ReadSet(file)) {
        run_.summaries.push_back(Summarize(*set));
        run_.last = std::move(set);
      }
    }
    if (!run_.last) run_.last = run_.after ? run_.after : run_.before;
  }

  // All, or some of all, and those of the steps that are worth a look.
  std::vector<RolloutFile> ChooseTrain(const std::vector<RolloutFile>& files) const {
    int64_t bytes = 1;
    for (const RolloutFile& file : files) {
      std::error_code missing;  // is noted when it is read
      const auto size = std::filesystem::file_size(file.path, missing);
      if (!missing) bytes += static_cast<int64_t>(size);
    }
    const double share = static_cast<double>(rollout_bytes_) / static_cast<double>(bytes);
    const double fitting = std::min(share, 1.0) * static_cast<double>(files.size());
    const size_t count = std::max(kLeastSummaries, static_cast<size_t>(fitting));
    std::set<int64_t> steps;
    for (const RolloutFile& file : Thin(files, count)) steps.insert(file.step);
    for (size_t i = 0; i < std::min(kMaxJumpsShown, run_.jumps.size()); ++i) {
      steps.insert(run_.jumps[i].step);
    }
    std::vector<RolloutFile> chosen;
    for (const RolloutFile& file : files) {
      if (steps.contains(file.step)) chosen.push_back(file);
    }
    return chosen;
  }

  // `before` is the last measurement before the first step of reinforcement learning.
  void LoadHeldout(const std::vector<RolloutFile>& files) {
    if (files.empty()) return;
    const auto stage = std::find_if(run_.stages.begin(), run_.stages.end(),
                                    [](const StageSpan& s) { return s.name == kReinforcement; });
    const RolloutFile* before = &files.front();
    for (const RolloutFile& file : files) {
      if (stage != run_.stages.end() && file.step < stage->first) before = &file;
    }
    run_.before = ReadSet(*before);
    if (before->step != files.back().step) run_.after = ReadSet(files.back());
  }

  std::optional<RolloutSet> ReadSet(const RolloutFile& file) {
    StatusOr<std::vector<RolloutRecord>> records = ReadRollouts(file.path);
    if (!records.ok()) {
      Note(records.status());
      return std::nullopt;
    }
    for (RolloutRecord& record : *records) {
      record.tokens = {};
      record.logprobs = {};
    }
    return RolloutSet{file.step, file.split, *std::move(records)};
  }

  static RolloutSummary Summarize(const RolloutSet& set) {
    RolloutSummary summary;
    summary.step = set.step;
    summary.reflection = CountReflection(set.records);
    for (const RolloutRecord* record : HighestRewards(set.records)) {
      summary.highest.push_back(*record);
    }
    for (const RolloutRecord& record : set.records) {
      const StatusOr<Outcome> outcome = ParseOutcome(record.outcome);
      ++summary.outcomes[static_cast<size_t>(outcome.value_or(Outcome::kError))];
    }
    return summary;
  }

  // Opening a ledger names its run, which is the hash of the experiment.
  void LoadLedger() {
    if (!run_.experiment || !FileExists(folder_.ledger())) return;
    const StatusOr<std::unique_ptr<Ledger>> ledger =
        Ledger::Open(folder_.ledger(), ExperimentHash(*run_.experiment));
    if (!ledger.ok()) return Note(ledger.status());
    const StatusOr<LedgerTotals> totals = (*ledger)->Totals();
    if (!totals.ok()) return Note(totals.status());
    run_.ledger = *totals;
    run_.ledger_balance = (*ledger)->CheckBalance();
  }

  const RunFolder& folder_;
  const int64_t rollout_bytes_;
  RunData run_;
};

}  // namespace

RunData LoadRun(const RunFolder& folder, int64_t rollout_bytes) {
  return Loader(folder, rollout_bytes).Load();
}

std::vector<Point> Curve(const RunData& run, absl::string_view metric) {
  std::vector<Point> points;
  for (const StepMetrics& line : run.metrics) {
    for (const auto& [name, value] : line.values) {
      if (name != metric) continue;
      const Point point = {static_cast<double>(line.step), value};
      // Where a stage ends and the next begins, both may have measured the same weights.
      if (!points.empty() && points.back().x == point.x) points.pop_back();
      points.push_back(point);
    }
  }
  return points;
}

double SumOf(const RunData& run, absl::string_view metric) {
  double sum = 0;
  for (const StepMetrics& line : run.metrics) {
    for (const auto& [name, value] : line.values) {
      if (name == metric && std::isfinite(value)) sum += value;
    }
  }
  return sum;
}

std::vector<Band> StageBands(const RunData& run) {
  std::vector<Band> bands;
  for (const StageSpan& stage : run.stages) {
    bands.push_back(
        {static_cast<double>(stage.first - 1), static_cast<double>(stage.last), stage.name});
  }
  return bands;
}

}  // namespace hone
