#include "report/series.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hone {
namespace {

using Segment = std::vector<Point>;

// The stretches between the gaps, none of them empty.
std::vector<Segment> SplitAtGaps(const std::vector<Point>& points) {
  std::vector<Segment> segments;
  bool open = false;
  for (const Point& p : points) {
    if (!std::isfinite(p.y)) {
      open = false;
      continue;
    }
    if (!open) segments.emplace_back();
    open = true;
    segments.back().push_back(p);
  }
  return segments;
}

std::vector<Point> JoinWithGaps(const std::vector<Segment>& segments) {
  std::vector<Point> points;
  for (const Segment& segment : segments) {
    if (!points.empty()) {
      points.push_back({segment.front().x, std::numeric_limits<double>::quiet_NaN()});
    }
    points.insert(points.end(), segment.begin(), segment.end());
  }
  return points;
}

Segment DownsampleSegment(const Segment& segment, size_t max_points) {
  if (segment.size() <= max_points) return segment;
  auto less = [](const Point& a, const Point& b) { return a.y < b.y; };
  const size_t num_buckets = std::max<size_t>(1, max_points / 2);
  Segment kept;
  for (size_t bucket = 0; bucket < num_buckets; ++bucket) {
    const auto begin = segment.begin() + segment.size() * bucket / num_buckets;
    const auto end = segment.begin() + segment.size() * (bucket + 1) / num_buckets;
    const auto [lowest, highest] = std::minmax_element(begin, end, less);
    kept.push_back(*std::min(lowest, highest));
    if (lowest != highest) kept.push_back(*std::max(lowest, highest));
  }
  return kept;
}

Segment SegmentMean(const Segment& segment, size_t window) {
  const size_t half = window / 2;
  Segment means;
  double sum = 0;
  size_t begin = 0, end = 0;  // [begin, end) is summed
  for (size_t i = 0; i < segment.size(); ++i) {
    for (; end < std::min(segment.size(), i + half + 1); ++end) sum += segment[end].y;
    for (; begin + half < i; ++begin) sum -= segment[begin].y;
    means.push_back({segment[i].x, sum / static_cast<double>(end - begin)});
  }
  return means;
}

}  // namespace

std::vector<Point> Downsample(const std::vector<Point>& points, size_t max_points) {
  if (points.size() <= max_points) return points;
  std::vector<Segment> segments = SplitAtGaps(points);
  size_t num_finite = 0;
  for (const Segment& segment : segments) num_finite += segment.size();
  if (segments.size() > max_points / 8) {
    Segment whole;
    for (const Segment& segment : segments) {
      whole.insert(whole.end(), segment.begin(), segment.end());
    }
    segments = {whole};
  }
  for (Segment& segment : segments) {
    segment = DownsampleSegment(segment, max_points * segment.size() / num_finite);
  }
  return JoinWithGaps(segments);
}

std::vector<Point> MovingMean(const std::vector<Point>& points, size_t window) {
  std::vector<Segment> segments = SplitAtGaps(points);
  for (Segment& segment : segments) segment = SegmentMean(segment, window);
  return JoinWithGaps(segments);
}

Point LastFinite(const std::vector<Point>& points) {
  for (auto it = points.rbegin(); it != points.rend(); ++it) {
    if (std::isfinite(it->y)) return *it;
  }
  return {0, std::numeric_limits<double>::quiet_NaN()};
}

bool AnyFinite(const std::vector<Point>& points) { return std::isfinite(LastFinite(points).y); }

}  // namespace hone
