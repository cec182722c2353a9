// Charts as inline SVG. Colours come from the page's style: class s0, s1, … sets one, so the same
// drawing serves the light and the dark scheme. Tooltips are SVG titles: no script.
#ifndef HONE_REPORT_CHART_H_
#define HONE_REPORT_CHART_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "report/axis.h"
#include "report/format.h"
#include "report/series.h"

namespace hone {

enum class Mark {
  kLine,
  kFaint,  // a line in the background, such as the values that a mean is taken of
  kDots,   // measurements: dots, joined by a thin line
  kArea,   // for RenderAreas
};

struct Series {
  std::string label;
  std::vector<Point> points;
  std::string color;  // the class that sets the colour: "s0" to "s7", or a name of the style sheet
  Mark mark = Mark::kLine;
  bool label_first = false;  // the value beside the first point …
  bool label_last = true;    // … and beside the last
  bool tooltip = true;
  bool legend = true;
};

// A stretch of the x axis with a name.
struct Band {
  double begin = 0;
  double end = 0;
  std::string label;
};

struct Chart {
  std::string title;        // for those who do not see the drawing
  std::string description;  // what it shows, in a sentence
  Unit unit = Unit::kNumber;
  std::vector<Series> series;
  std::vector<Band> bands;
  std::optional<double> low, high;      // values that the y axis must show at least
  std::optional<double> x_low, x_high;  // the x axis; default: what the points need
};

// In units of the drawing; the page scales it to the room there is.
struct ChartSize {
  double width = 340;
  double height = 180;
};

// Curves over the steps; "" when no series has a point.
std::string RenderLines(const Chart& chart, const ChartSize& size);

// Shares that add up to 1, stacked in the order of the series, the first at the bottom. All series
// have the same x; values that are not finite count as 0.
std::string RenderAreas(const Chart& chart, const ChartSize& size);

// A drawing for each of three widths of screen, of which the style sheet shows one: text keeps its
// size on a phone.
using ChartRenderer = std::string (*)(const Chart&, const ChartSize&);
std::string RenderForAllWidths(ChartRenderer render, const Chart& chart, double relative_height);

// Colours and names of the series as a list.
std::string RenderLegend(const Chart& chart);

}  // namespace hone

#endif  // HONE_REPORT_CHART_H_
