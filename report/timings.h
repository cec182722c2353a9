// Where the time went: seconds by phase and stage.
#ifndef HONE_REPORT_TIMINGS_H_
#define HONE_REPORT_TIMINGS_H_

#include <string>
#include <vector>

#include "report/run_data.h"

namespace hone {

struct PhaseTime {
  std::string name;  // "rollout" of rollout_seconds; "other" for what no phase accounts for
  double seconds = 0;
};

struct StageTime {
  std::string stage;
  int64_t num_steps = 0;
  double seconds = 0;
  std::vector<PhaseTime> phases;  // in the order of the metrics, "other" last
};

// Of each stage that has taken time; a stage's measurement before its first step counts for it.
std::vector<StageTime> MeasureStages(const RunData& run);

// A bar for each stage and a table; "" without times.
std::string RenderTimings(const RunData& run);

}  // namespace hone

#endif  // HONE_REPORT_TIMINGS_H_
