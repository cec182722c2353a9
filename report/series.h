// Curves as points, made fit for drawing.
#ifndef HONE_REPORT_SERIES_H_
#define HONE_REPORT_SERIES_H_

#include <cstddef>
#include <vector>

namespace hone {

// x ascends; a y that is not finite is a gap.
struct Point {
  double x = 0;
  double y = 0;

  friend bool operator==(const Point&, const Point&) = default;
};

// About max_points at most: of each stretch the lowest and the highest point, so that no spike is
// lost. Curves that are short enough stay as they are; gaps stay unless there are very many.
std::vector<Point> Downsample(const std::vector<Point>& points, size_t max_points);

// The mean over `window` points around each point, fewer at the ends and beside gaps.
std::vector<Point> MovingMean(const std::vector<Point>& points, size_t window);

// The last finite point; a gap at 0 without one.
Point LastFinite(const std::vector<Point>& points);
bool AnyFinite(const std::vector<Point>& points);

}  // namespace hone

#endif  // HONE_REPORT_SERIES_H_
