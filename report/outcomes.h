// How the samples were judged, over the steps.
#ifndef HONE_REPORT_OUTCOMES_H_
#define HONE_REPORT_OUTCOMES_H_

#include <string>

#include "report/run_data.h"

namespace hone {

// Stacked shares of the outcomes, of all steps from the metrics, else of the steps whose rollouts
// were read; "" when nothing was sampled.
std::string RenderOutcomes(const RunData& run);

}  // namespace hone

#endif  // HONE_REPORT_OUTCOMES_H_
