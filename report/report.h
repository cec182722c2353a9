// The report of a run: one HTML file that needs nothing else, neither network nor JavaScript.
#ifndef HONE_REPORT_REPORT_H_
#define HONE_REPORT_REPORT_H_

#include <string>

#include "absl/types/span.h"
#include "base/status.h"
#include "data/run_folder.h"

namespace hone {

// Writes report.html into the run folder. A run that is not finished, or a folder of which parts
// are missing or damaged, gives a report of the rest that names what is missing.
Status WriteReport(const RunFolder& folder);

// The page as text. Several runs share their charts; samples, timings and settings then appear as
// far as they can be compared. InvalidArgument without a run, or for a folder that does not exist.
StatusOr<std::string> RenderReport(absl::Span<const RunFolder> runs);

}  // namespace hone

#endif  // HONE_REPORT_REPORT_H_
