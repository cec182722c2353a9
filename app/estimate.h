// What an experiment will need, worked out before anything runs: for `hone run --dry-run`.
#ifndef HONE_APP_ESTIMATE_H_
#define HONE_APP_ESTIMATE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "config/experiment.h"
#include "model/config.h"

namespace hone {

// Memory of one process of a role.
struct RoleEstimate {
  std::string role;
  int processes = 1;
  std::vector<std::pair<std::string, int64_t>> parts_bytes;

  int64_t bytes() const;  // of one process
};

// Tokens of a stage; those of RL and evaluation are upper bounds, reached when no completion ends
// before its limit.
struct StageEstimate {
  std::string name;
  int64_t steps = 0;
  int64_t sequences_per_step = 0;  // 0 for sft, which packs sequences to a number of tokens
  int64_t generated_per_step = 0;
  int64_t trained_per_step = 0;  // prompts included
  int64_t longest_sequence = 0;  // tokens that may be trained on in one piece
  int64_t evaluations = 0;       // held-out measurements
  int64_t generated_per_evaluation = 0;

  int64_t generated() const {
    return steps * generated_per_step + evaluations * generated_per_evaluation;
  }
  int64_t trained() const { return steps * trained_per_step; }
};

struct RunEstimate {
  int64_t parameters = 0;
  std::vector<RoleEstimate> roles;
  std::vector<StageEstimate> stages;

  int64_t bytes() const;  // of all processes
};

// Files of a stage's problems that are not on this machine.
std::vector<std::string> MissingFiles(const SourceSpec& source);

// The shapes of the experiment's model, without reading or making its weights. A vocabulary that is
// yet to be trained is taken at its largest.
StatusOr<ModelConfig> PlannedModel(const Experiment& experiment);

StatusOr<RunEstimate> EstimateRun(const Experiment& experiment, const ModelConfig& config);

// As tables for people.
std::string FormatEstimate(const RunEstimate& estimate, int64_t available_bytes);

}  // namespace hone

#endif  // HONE_APP_ESTIMATE_H_
