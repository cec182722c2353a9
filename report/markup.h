// Pieces of HTML that several sections use.
#ifndef HONE_REPORT_MARKUP_H_
#define HONE_REPORT_MARKUP_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "report/chart.h"

namespace hone {

// A section with its heading; "" when the body is empty. `note` stands below the heading; both
// it and the heading are text, the body is markup.
std::string RenderSection(absl::string_view heading, absl::string_view note,
                          absl::string_view body);

// A small chart with its title and, at the right, its last value; "" without a point.
std::string RenderPanel(const Chart& chart, absl::string_view note);

// A large chart that fills the page's width.
std::string RenderFigure(ChartRenderer render, const Chart& chart, double relative_height);

// All cells are text; the first row is the head, the first column names the row.
std::string RenderTable(absl::Span<const std::vector<std::string>> rows);

}  // namespace hone

#endif  // HONE_REPORT_MARKUP_H_
