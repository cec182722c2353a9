#include "report/markup.h"

#include "absl/strings/str_cat.h"
#include "report/format.h"

namespace hone {

std::string RenderSection(absl::string_view heading, absl::string_view note,
                          absl::string_view body) {
  if (body.empty()) return "";
  std::string out = absl::StrCat("<section>\n<h2>", EscapeHtml(heading), "</h2>\n");
  if (!note.empty()) absl::StrAppend(&out, "<p class=\"note\">", EscapeHtml(note), "</p>\n");
  absl::StrAppend(&out, body, "\n</section>\n");
  return out;
}

std::string RenderPanel(const Chart& chart, absl::string_view note) {
  const std::string svg = RenderLines(chart, ChartSize());
  if (svg.empty()) return "";
  std::string out =
      absl::StrCat("<figure class=\"panel\"><figcaption><h3>", EscapeHtml(chart.title), "</h3>");
  if (!note.empty()) absl::StrAppend(&out, "<p>", EscapeHtml(note), "</p>");
  absl::StrAppend(&out, "</figcaption>", svg, "</figure>\n");
  return out;
}

std::string RenderFigure(ChartRenderer render, const Chart& chart, double relative_height) {
  const std::string drawings = RenderForAllWidths(render, chart, relative_height);
  if (drawings.empty()) return "";
  return absl::StrCat("<figure class=\"large\">", RenderLegend(chart), drawings, "</figure>\n");
}

std::string RenderTable(absl::Span<const std::vector<std::string>> rows) {
  std::string out = "<div class=\"scroll\"><table>";
  for (size_t i = 0; i < rows.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "<thead>" : i == 1 ? "<tbody>" : "", "<tr>");
    for (size_t j = 0; j < rows[i].size(); ++j) {
      const absl::string_view tag = i == 0 || j == 0 ? "th" : "td";
      const absl::string_view scope = tag == "td" ? ""
                                      : i == 0    ? " scope=\"col\""
                                                  : " scope=\"row\"";
      absl::StrAppend(&out, "<", tag, scope, ">", EscapeHtml(rows[i][j]), "</", tag, ">");
    }
    absl::StrAppend(&out, "</tr>", i == 0 ? "</thead>" : "");
  }
  if (rows.size() > 1) out += "</tbody>";
  return out + "</table></div>\n";
}

}  // namespace hone
