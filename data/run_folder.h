// The run folder: what a run writes and what report, eval and people read.
#ifndef HONE_DATA_RUN_FOLDER_H_
#define HONE_DATA_RUN_FOLDER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "data/records.h"

namespace hone {

// Paths inside a run folder.
struct RunFolder {
  std::string root;

  std::string experiment() const { return root + "/experiment.yaml"; }
  std::string metrics() const { return root + "/metrics.jsonl"; }
  std::string tensorboard() const { return root + "/tensorboard"; }
  std::string rollouts() const { return root + "/rollouts"; }
  std::string ledger() const { return root + "/ledger.sqlite"; }
  std::string checkpoints() const { return root + "/checkpoints"; }
  std::string report() const { return root + "/report.html"; }
  std::string logs() const { return root + "/logs"; }
  std::string lock() const { return root + "/lock"; }
  std::string coordinator_address() const { return root + "/coordinator.address"; }
  // One file for each process: where it serves metrics, as Prometheus' file_sd_configs reads it.
  std::string prometheus() const { return root + "/prometheus"; }
};

// Creates the sub-folders. An unwritable place is an error that names it.
Status CreateRunFolder(const RunFolder& folder);

// One line of metrics.jsonl. `step` is global over stages, from 1; 0 is a measurement before any.
struct StepMetrics {
  int64_t step = 0;
  std::string stage;  // "sft", "grpo"
  uint64_t policy_version = 0;
  // In the order written, e.g. {"reward_mean", 0.4}; a NaN is written as null.
  std::vector<std::pair<std::string, double>> values;
};

// How the metrics of a reward's terms and of the outcomes' shares begin; a name follows.
inline constexpr absl::string_view kTermMetricPrefix = "reward/";
inline constexpr absl::string_view kOutcomeMetricPrefix = "outcome/";

// Appends to metrics.jsonl and tensorboard/. Not thread-safe.
class MetricsWriter {
 public:
  // Drops the lines of steps > `resume_step` (which a resumed run writes again) and continues.
  static StatusOr<std::unique_ptr<MetricsWriter>> Open(const RunFolder& folder,
                                                       int64_t resume_step);
  virtual ~MetricsWriter() = default;
  // Flushed when it returns.
  virtual Status Write(const StepMetrics& metrics) = 0;
};

StatusOr<std::vector<StepMetrics>> ReadMetrics(const std::string& path);

// One sample in rollouts/, as text for people and as tokens for replay.
struct RolloutRecord {
  int64_t step = 0;
  std::string split;  // "train", "heldout"
  uint64_t policy_version = 0;
  uint64_t prompt_id = 0;
  int sample_index = 0;
  std::string prompt;
  std::string answer;
  std::string completion;
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  std::vector<VersionSpan> versions;  // as in Completion
  std::string finish_reason;
  std::string outcome;
  double reward = 0;
  std::vector<double> components;
  std::string detail;
};

// rollouts/step-NNNNNN.SPLIT.jsonl.zst: one file a step, written whole or not at all; writing a
// step again replaces it.
Status WriteRollouts(const RunFolder& folder, int64_t step, const std::string& split,
                     absl::Span<const RolloutRecord> records);
StatusOr<std::vector<RolloutRecord>> ReadRollouts(const std::string& path);
// The files of rollouts/, sorted by step then split.
StatusOr<std::vector<std::string>> ListRollouts(const RunFolder& folder);
// Removes rollout files of steps > `step`.
Status DropRolloutsAfter(const RunFolder& folder, int64_t step);

}  // namespace hone

#endif  // HONE_DATA_RUN_FOLDER_H_
