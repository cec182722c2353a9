#include "report/outcomes.h"

#include <array>
#include <vector>

#include "data/records.h"
#include "report/markup.h"

namespace hone {
namespace {

constexpr size_t kNumOutcomes = 5;
constexpr size_t kMaxSteps = 200;  // drawn; of more, every second, third, …

// [outcome][step]
using Shares = std::array<std::vector<Point>, kNumOutcomes>;

Shares SharesOfRollouts(const RunData& run) {
  Shares shares;
  for (const RolloutSummary& summary : run.summaries) {
    int64_t total = 0;
    for (const int64_t count : summary.outcomes) total += count;
    if (total == 0) continue;
    for (size_t i = 0; i < kNumOutcomes; ++i) {
      shares[i].push_back({static_cast<double>(summary.step),
                           static_cast<double>(summary.outcomes[i]) / static_cast<double>(total)});
    }
  }
  return shares;
}

// The metrics tell the first three, of the samples that the verifier could judge.
Shares SharesOfMetrics(const RunData& run) {
  const std::vector<Point> accuracy = Curve(run, "accuracy");
  const std::vector<Point> readable = Curve(run, "format_rate");
  Shares shares;
  if (accuracy.size() != readable.size()) return shares;
  const size_t stride = 1 + accuracy.size() / kMaxSteps;
  for (size_t i = 0; i < accuracy.size(); i += stride) {
    shares[0].push_back(accuracy[i]);
    shares[1].push_back({accuracy[i].x, readable[i].y - accuracy[i].y});
    shares[2].push_back({accuracy[i].x, 1 - readable[i].y});
  }
  return shares;
}

bool AnyPositive(const std::vector<Point>& points) {
  for (const Point& p : points) {
    if (p.y > 0) return true;
  }
  return false;
}

}  // namespace

std::string RenderOutcomes(const RunData& run) {
  const Shares shares = run.summaries.empty() ? SharesOfMetrics(run) : SharesOfRollouts(run);
  Chart chart;
  chart.title = "Outcomes";
  chart.description = "Shares of the outcomes of the samples over the steps, stacked.";
  chart.unit = Unit::kPercent;
  for (size_t i = 0; i < kNumOutcomes; ++i) {
    if (!AnyPositive(shares[i])) continue;
    const std::string name(Name(static_cast<Outcome>(i)));
    chart.series.push_back({.label = name,
                            .points = shares[i],
                            .color = name,
                            .mark = Mark::kArea,
                            .label_last = false});
  }
  return RenderFigure(RenderAreas, chart, 0.62);
}

}  // namespace hone
