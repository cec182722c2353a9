// What the report knows of a run, read once from its folder.
#ifndef HONE_REPORT_RUN_DATA_H_
#define HONE_REPORT_RUN_DATA_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "config/experiment.h"
#include "data/ledger.h"
#include "data/run_folder.h"
#include "report/chart.h"
#include "report/jumps.h"
#include "report/reflection.h"

namespace hone {

// Steps [first, last] of a stage, counted over the run.
struct StageSpan {
  std::string name;
  int64_t first = 0;
  int64_t last = 0;
};

// One file of rollouts in figures.
struct RolloutSummary {
  int64_t step = 0;
  std::array<int64_t, kOutcomes.size()> outcomes = {};  // by Outcome
  ReflectionStats reflection;
  std::vector<RolloutRecord> highest;  // rewards, one sample a problem, the highest first
};

// All samples of one file, without tokens and log-probs.
struct RolloutSet {
  int64_t step = 0;
  std::string split;
  std::vector<RolloutRecord> records;
};

struct RunData {
  std::string name;  // of the experiment, else of the folder
  std::string yaml;  // empty when there is none
  std::optional<Experiment> experiment;
  std::vector<StepMetrics> metrics;
  std::vector<StageSpan> stages;
  std::vector<Jump> jumps;                // by step
  std::vector<RolloutSummary> summaries;  // of training, of the steps read, by step
  std::optional<RolloutSet> before;       // held-out problems before reinforcement learning …
  std::optional<RolloutSet> after;        // … and at the end; none when only measured once
  std::optional<RolloutSet> last;         // of the last step
  std::optional<LedgerTotals> ledger;
  Status ledger_balance;
  std::vector<std::string> notes;  // what could not be read, for people
};

inline constexpr int64_t kRolloutBytesRead = 64 << 20;

// Never fails: what is missing or damaged is left out and noted. Of the training's rollouts every
// step is read; where their files, which are compressed, are more than `rollout_bytes`, so many
// steps spread over the run as come near it, and at least 64.
RunData LoadRun(const RunFolder& folder, int64_t rollout_bytes = kRolloutBytesRead);

// The curve of a metric over the steps at which it was written, NaN where it was null.
std::vector<Point> Curve(const RunData& run, absl::string_view metric);
double SumOf(const RunData& run, absl::string_view metric);

// The stages as bands of a chart's x axis.
std::vector<Band> StageBands(const RunData& run);

}  // namespace hone

#endif  // HONE_REPORT_RUN_DATA_H_
