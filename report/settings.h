// The experiments behind the runs.
#ifndef HONE_REPORT_SETTINGS_H_
#define HONE_REPORT_SETTINGS_H_

#include <string>

#include "absl/types/span.h"
#include "report/run_data.h"

namespace hone {

// The keys in which the experiments differ, as a table with a column for each run; "" for one run
// or when nothing differs.
std::string RenderDifferences(absl::Span<const RunData> runs);

// The experiments as YAML, folded.
std::string RenderExperiments(absl::Span<const RunData> runs);

}  // namespace hone

#endif  // HONE_REPORT_SETTINGS_H_
