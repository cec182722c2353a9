// The runs of an experiment with a `sweep:`, one for each combination of its values.
#ifndef HONE_APP_SWEEP_H_
#define HONE_APP_SWEEP_H_

#include <string>
#include <vector>

#include "config/experiment.h"

namespace hone {

struct SweepRun {
  std::string name;                    // the values, fit for a folder: "dapo-8"
  std::vector<std::string> overrides;  // that make it of the experiment
};

// In order, the last key varying fastest. None without a sweep.
std::vector<SweepRun> SweepRuns(const Experiment& experiment);

}  // namespace hone

#endif  // HONE_APP_SWEEP_H_
