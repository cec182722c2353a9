// What a person is told at the end of a run.
#ifndef HONE_APP_SUMMARY_H_
#define HONE_APP_SUMMARY_H_

#include <string>

#include "base/status.h"
#include "config/experiment.h"
#include "data/run_folder.h"

namespace hone {

// Held-out accuracy before and after each stage, the time that the steps took, and where the model
// and the report are; several lines. Reads metrics.jsonl and checkpoints/.
StatusOr<std::string> SummarizeRun(const RunFolder& folder, const Experiment& experiment);

}  // namespace hone

#endif  // HONE_APP_SUMMARY_H_
