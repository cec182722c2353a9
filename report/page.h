// The order of things on the page.
#ifndef HONE_REPORT_PAGE_H_
#define HONE_REPORT_PAGE_H_

#include <string>

#include "absl/types/span.h"
#include "report/run_data.h"

namespace hone {

// The whole document; at least one run.
std::string RenderPage(absl::Span<const RunData> runs);

}  // namespace hone

#endif  // HONE_REPORT_PAGE_H_
