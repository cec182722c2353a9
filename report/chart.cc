#include "report/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "data/utf8.h"

namespace hone {
namespace {

constexpr double kLabelHeight = 14;    // between the middles of two labels
constexpr double kCharacterWidth = 8;  // of a bold digit, at most
constexpr double kLeastMargin = 42;    // at the left, for the name of the x axis
constexpr double kMinBandLabelWidth = 34;
constexpr double kPixelsPerTooltip = 9;

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void Add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

// The plotting area and the way from values to coordinates in it.
struct Frame {
  double left, top, right, bottom;
  Axis x, y;

  double X(double value) const { return left + (right - left) * x.Fraction(value); }
  double Y(double value) const { return bottom - (bottom - top) * y.Fraction(value); }
  std::string At(const Point& p) const {
    return absl::StrCat(FormatCoordinate(X(p.x)), ",", FormatCoordinate(Y(p.y)));
  }
};

Range RangeOfX(const Chart& chart) {
  Range range;
  for (const Series& series : chart.series) {
    for (const Point& p : series.points) {
      if (std::isfinite(p.y)) range.Add(p.x);
    }
  }
  return range;
}

Range RangeOfY(const Chart& chart) {
  Range range;
  for (const Series& series : chart.series) {
    for (const Point& p : series.points) range.Add(p.y);
  }
  range.Add(chart.low.value_or(std::numeric_limits<double>::quiet_NaN()));
  range.Add(chart.high.value_or(std::numeric_limits<double>::quiet_NaN()));
  return range;
}

double WidthOf(absl::string_view text) {
  return kCharacterWidth * static_cast<double>(CountCharacters(text));
}

// Room for the values beside the last points.
double LabelRoom(const Chart& chart) {
  double widest = 0;
  for (const Series& series : chart.series) {
    if (!series.label_last || !AnyFinite(series.points)) continue;
    widest = std::max(widest, WidthOf(FormatValue(LastFinite(series.points).y, chart.unit)));
  }
  return 12 + widest;
}

Frame MakeFrame(const Chart& chart, const ChartSize& size, const Range& x, const Range& y) {
  Frame frame;
  frame.top = chart.bands.size() > 1 ? 22 : 8;
  frame.bottom = size.height - 24;
  frame.y = MakeAxis(y.low, y.high, static_cast<int>((frame.bottom - frame.top) / 36),
                     /*round_out=*/true, chart.unit);
  frame.left = kLeastMargin;
  for (const std::string& label : frame.y.labels) {
    frame.left = std::max(frame.left, 8 + WidthOf(label));
  }
  frame.right = size.width - LabelRoom(chart);
  frame.x = MakeStepAxis(chart.x_low.value_or(x.low), chart.x_high.value_or(x.high),
                         static_cast<int>((frame.right - frame.left) / 70));
  return frame;
}

std::string Text(double x, double y, absl::string_view css, absl::string_view text) {
  return absl::StrCat("<text x=\"", FormatCoordinate(x), "\" y=\"", FormatCoordinate(y),
                      "\" class=\"", css, "\">", EscapeHtml(text), "</text>");
}

std::string Line(double x1, double y1, double x2, double y2, absl::string_view css) {
  return absl::StrCat("<line x1=\"", FormatCoordinate(x1), "\" y1=\"", FormatCoordinate(y1),
                      "\" x2=\"", FormatCoordinate(x2), "\" y2=\"", FormatCoordinate(y2),
                      "\" class=\"", css, "\"/>");
}

std::string Rect(double x, double y, double width, double height, absl::string_view css) {
  return absl::StrCat("<rect x=\"", FormatCoordinate(x), "\" y=\"", FormatCoordinate(y),
                      "\" width=\"", FormatCoordinate(width), "\" height=\"",
                      FormatCoordinate(height), "\" class=\"", css, "\"");
}

std::string RenderBands(const Chart& chart, const Frame& frame) {
  if (chart.bands.size() < 2) return "";
  std::string out;
  for (size_t i = 0; i < chart.bands.size(); ++i) {
    const Band& band = chart.bands[i];
    const double begin = std::clamp(frame.X(band.begin), frame.left, frame.right);
    const double end = std::clamp(frame.X(band.end), frame.left, frame.right);
    if (end - begin < 1) continue;
    if (i % 2 == 0) {
      absl::StrAppend(&out, Rect(begin, frame.top, end - begin, frame.bottom - frame.top, "band"),
                      "/>");
    }
    if (begin > frame.left + 1) {
      absl::StrAppend(&out, Line(begin, frame.top - 14, begin, frame.bottom, "edge"));
    }
    if (end - begin >= kMinBandLabelWidth) {
      absl::StrAppend(&out, Text((begin + end) / 2, frame.top - 8, "stage", band.label));
    }
  }
  return out;
}

std::string RenderAxes(const Frame& frame) {
  std::string out;
  for (size_t i = 0; i < frame.y.ticks.size(); ++i) {
    const double y = frame.Y(frame.y.ticks[i]);
    absl::StrAppend(&out, Line(frame.left, y, frame.right, y, "grid"),
                    Text(frame.left - 6, y + 4, "tick end", frame.y.labels[i]));
  }
  for (size_t i = 0; i < frame.x.ticks.size(); ++i) {
    const double x = frame.X(frame.x.ticks[i]);
    absl::StrAppend(&out, Line(x, frame.bottom, x, frame.bottom + 4, "edge"),
                    Text(x, frame.bottom + 17, "tick middle", frame.x.labels[i]));
  }
  absl::StrAppend(&out, Line(frame.left, frame.bottom, frame.right, frame.bottom, "base"),
                  Text(frame.left - 14, frame.bottom + 17, "tick end", "step"));
  return out;
}

// One line from gap to gap; a point between two gaps becomes a dot.
std::string RenderCurve(const Series& series, const Frame& frame, absl::string_view css) {
  std::string out;
  for (size_t i = 0; i < series.points.size();) {
    if (!std::isfinite(series.points[i].y)) {
      ++i;
      continue;
    }
    size_t end = i;
    std::string path;
    for (; end < series.points.size() && std::isfinite(series.points[end].y); ++end) {
      absl::StrAppend(&path, end == i ? "" : " ", frame.At(series.points[end]));
    }
    if (end - i > 1) {
      absl::StrAppend(&out, "<polyline class=\"", css, "\" points=\"", path, "\"/>");
    } else {
      absl::StrAppend(&out, "<circle class=\"dot\" r=\"2.5\" cx=\"",
                      FormatCoordinate(frame.X(series.points[i].x)), "\" cy=\"",
                      FormatCoordinate(frame.Y(series.points[i].y)), "\"/>");
    }
    i = end;
  }
  return out;
}

std::string TooltipLine(const Series& series, double value, Unit unit) {
  return absl::StrCat("\n", series.label, " ", FormatValue(value, unit));
}

std::string RenderDots(const Series& series, const Frame& frame, Unit unit) {
  Series joined = series;
  std::erase_if(joined.points, [](const Point& p) { return !std::isfinite(p.y); });
  std::string out;
  if (joined.points.size() > 1) out = RenderCurve(joined, frame, "thin");
  for (const Point& p : joined.points) {
    absl::StrAppend(&out, "<circle class=\"dot\" r=\"4.5\" cx=\"", FormatCoordinate(frame.X(p.x)),
                    "\" cy=\"", FormatCoordinate(frame.Y(p.y)), "\"><title>",
                    EscapeHtml(absl::StrCat("step ", p.x, TooltipLine(series, p.y, unit))),
                    "</title></circle>");
  }
  return out;
}

std::string RenderSeries(const Series& series, const Frame& frame, Unit unit) {
  const std::string body =
      series.mark == Mark::kDots
          ? RenderDots(series, frame, unit)
          : RenderCurve(series, frame, series.mark == Mark::kFaint ? "faint" : "line");
  return absl::StrCat("<g class=\"", series.color, "\">", body, "</g>");
}

struct Label {
  double y;
  std::string text;
  std::string color;
};

// Moves labels apart that would cover each other, and keeps them inside the plot.
void Spread(std::vector<Label>* labels, double top, double bottom) {
  std::sort(labels->begin(), labels->end(),
            [](const Label& a, const Label& b) { return a.y < b.y; });
  double lowest = top;
  for (Label& label : *labels) {
    label.y = std::max(label.y, lowest);
    lowest = label.y + kLabelHeight;
  }
  double highest = bottom;
  for (auto it = labels->rbegin(); it != labels->rend(); ++it) {
    it->y = std::min(it->y, highest);
    highest = it->y - kLabelHeight;
  }
}

// At the left of the point, or where there is no room, at its right: then on the side of the curve
// that it leaves free.
std::string RenderFirstLabel(const Series& series, const Point& first, const Frame& frame,
                             Unit unit) {
  const double x = frame.X(first.x), y = frame.Y(first.y);
  const std::string text = FormatValue(first.y, unit);
  if (x - 9 - WidthOf(text) > frame.left) {
    return Text(x - 9, y - 8, absl::StrCat("value end ", series.color), text);
  }
  const bool below = LastFinite(series.points).y > first.y && y + 20 < frame.bottom;
  return Text(x + 9, y + (below ? 18 : -8), absl::StrCat("value ", series.color), text);
}

std::string RenderLabels(const Chart& chart, const Frame& frame) {
  std::vector<Label> labels;
  std::string out;
  for (const Series& series : chart.series) {
    if (series.label_last && AnyFinite(series.points)) {
      const double value = LastFinite(series.points).y;
      labels.push_back({frame.Y(value), FormatValue(value, chart.unit), series.color});
    }
    if (!series.label_first) continue;
    const auto first = std::find_if(series.points.begin(), series.points.end(),
                                    [](const Point& p) { return std::isfinite(p.y); });
    if (first == series.points.end() || first->x == LastFinite(series.points).x) continue;
    out += RenderFirstLabel(series, *first, frame, chart.unit);
  }
  // So many that they cannot stand apart would not be read.
  if (kLabelHeight * static_cast<double>(labels.size()) > frame.bottom - frame.top) labels.clear();
  Spread(&labels, frame.top, frame.bottom);
  for (const Label& label : labels) {
    absl::StrAppend(
        &out, Text(frame.right + 8, label.y + 4, absl::StrCat("value ", label.color), label.text));
  }
  return out;
}

// Invisible columns over the plot, each with the values of a step that lies in it.
std::string RenderTooltips(const Chart& chart, const Frame& frame) {
  const int columns = std::max(1, static_cast<int>((frame.right - frame.left) / kPixelsPerTooltip));
  std::vector<std::string> lines(columns);
  std::vector<double> steps(columns, std::numeric_limits<double>::quiet_NaN());
  for (const Series& series : chart.series) {
    if (!series.tooltip || series.mark == Mark::kDots) continue;
    int last = -1;
    for (const Point& p : series.points) {
      const int column =
          std::clamp(static_cast<int>(frame.x.Fraction(p.x) * columns), 0, columns - 1);
      if (column == last || !std::isfinite(p.y)) continue;
      if (std::isnan(steps[column])) steps[column] = p.x;
      absl::StrAppend(&lines[column], TooltipLine(series, p.y, chart.unit));
      last = column;
    }
  }
  const double width = (frame.right - frame.left) / columns;
  std::string out;
  for (int i = 0; i < columns; ++i) {
    if (lines[i].empty()) continue;
    absl::StrAppend(
        &out, Rect(frame.left + i * width, frame.top, width, frame.bottom - frame.top, "hit"),
        "><title>", EscapeHtml(absl::StrCat("step ", steps[i], lines[i])), "</title></rect>");
  }
  return out;
}

std::string OpenSvg(const Chart& chart, const ChartSize& size) {
  return absl::StrCat("<svg role=\"img\" viewBox=\"0 0 ", FormatCoordinate(size.width), " ",
                      FormatCoordinate(size.height), "\"><title>", EscapeHtml(chart.title),
                      "</title><desc>", EscapeHtml(chart.description), "</desc>");
}

}  // namespace

std::string RenderLines(const Chart& chart, const ChartSize& size) {
  const Range x = RangeOfX(chart);
  if (x.empty()) return "";
  const Frame frame = MakeFrame(chart, size, x, RangeOfY(chart));
  std::string out = OpenSvg(chart, size);
  absl::StrAppend(&out, RenderBands(chart, frame), RenderAxes(frame));
  std::string dots;  // above the lines, and above the columns that would take their tooltips
  for (const Series& series : chart.series) {
    std::string* layer = series.mark == Mark::kDots ? &dots : &out;
    absl::StrAppend(layer, RenderSeries(series, frame, chart.unit));
  }
  absl::StrAppend(&out, RenderTooltips(chart, frame), dots, RenderLabels(chart, frame), "</svg>");
  return out;
}

std::string RenderAreas(const Chart& chart, const ChartSize& size) {
  const Range x = RangeOfX(chart);
  if (x.empty()) return "";
  Range y;
  y.Add(0);
  y.Add(1);
  Chart padded = chart;
  for (Series& series : padded.series) {
    // A single step has no extent: it fills the plot.
    if (series.points.size() == 1) {
      series.points = {{x.low, series.points[0].y}, {x.low + 1, series.points[0].y}};
    }
    for (Point& p : series.points) p.y = std::isfinite(p.y) ? p.y : 0;
  }
  const Frame frame = MakeFrame(padded, size, x, y);

  std::string out = OpenSvg(chart, size);
  std::vector<Point> floor = padded.series.front().points;
  for (Point& p : floor) p.y = 0;
  for (const Series& series : padded.series) {
    std::vector<Point> ceiling = series.points;
    for (size_t i = 0; i < ceiling.size(); ++i)
      ceiling[i].y = std::min(1.0, ceiling[i].y + floor[i].y);
    std::string path;
    for (const Point& p : ceiling) absl::StrAppend(&path, frame.At(p), " ");
    for (auto p = floor.rbegin(); p != floor.rend(); ++p) absl::StrAppend(&path, frame.At(*p), " ");
    absl::StrAppend(&out, "<g class=\"", series.color, "\"><polygon class=\"area\" points=\"", path,
                    "\"/></g>");
    floor = std::move(ceiling);
  }
  absl::StrAppend(&out, RenderBands(chart, frame), RenderAxes(frame), RenderTooltips(chart, frame),
                  "</svg>");
  return out;
}

std::string RenderForAllWidths(ChartRenderer render, const Chart& chart, double relative_height) {
  struct Variant {
    absl::string_view css;
    double width, height;
  };
  std::string out;
  for (const Variant& v :
       {Variant{"wide", 1080, 360}, {"medium", 680, 320}, {"narrow", 358, 260}}) {
    const std::string svg = render(chart, {v.width, v.height * relative_height});
    if (svg.empty()) return "";
    absl::StrAppend(&out, "<div class=\"", v.css, "\">", svg, "</div>");
  }
  return out;
}

std::string RenderLegend(const Chart& chart) {
  std::string out = "<ul class=\"legend\">";
  for (const Series& series : chart.series) {
    if (!series.legend || !AnyFinite(series.points)) continue;
    const absl::string_view key = series.mark == Mark::kDots   ? "key-dot"
                                  : series.mark == Mark::kArea ? "key-area"
                                                               : "key-line";
    absl::StrAppend(&out, "<li class=\"", series.color, "\"><span class=\"", key, "\"></span>",
                    EscapeHtml(series.label), "</li>");
  }
  return out + "</ul>";
}

}  // namespace hone
