// The curves of the metrics, of one run or of several over each other.
#ifndef HONE_REPORT_CURVES_H_
#define HONE_REPORT_CURVES_H_

#include <string>

#include "absl/types/span.h"
#include "report/run_data.h"

namespace hone {

// The class that gives the i-th run its colour.
std::string RunColor(size_t i);

// Training accuracy and held-out points; of a run without either, its loss.
std::string RenderMainChart(absl::Span<const RunData> runs);

// Small charts of the other metrics, of several runs also of each reward term; "" when there is
// none.
std::string RenderMetricPanels(absl::Span<const RunData> runs);

// The mean of each reward term of a run, before its weight, over each other; "" without one.
std::string RenderRewardTerms(const RunData& run);

// Tries, self-corrections and giving up; "" when no completion has a try.
std::string RenderReflectionPanels(absl::Span<const RunData> runs);

}  // namespace hone

#endif  // HONE_REPORT_CURVES_H_
