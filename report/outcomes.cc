#include "report/outcomes.h"

#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/records.h"
#include "report/markup.h"

namespace hone {
namespace {

constexpr size_t kMaxSteps = 200;  // drawn; of more, every second, third, …

// [outcome][step]
using Shares = std::array<std::vector<Point>, kOutcomes.size()>;

Shares SharesOfRollouts(const RunData& run) {
  Shares shares;
  for (const RolloutSummary& summary : run.summaries) {
    int64_t total = 0;
    for (const int64_t count : summary.outcomes) total += count;
    if (total == 0) continue;
    for (size_t i = 0; i < kOutcomes.size(); ++i) {
      shares[i].push_back({static_cast<double>(summary.step),
                           static_cast<double>(summary.outcomes[i]) / static_cast<double>(total)});
    }
  }
  return shares;
}

// Empty where the metrics lack one of them.
Shares SharesOfMetrics(const RunData& run) {
  Shares shares;
  for (size_t i = 0; i < kOutcomes.size(); ++i) {
    const std::vector<Point> curve =
        Curve(run, absl::StrCat(kOutcomeMetricPrefix, Name(kOutcomes[i])));
    if (i > 0 && curve.size() != shares[0].size()) return {};
    shares[i] = curve;
  }
  // The same steps of each outcome, so that they still add up to 1.
  const size_t stride = 1 + shares[0].size() / kMaxSteps;
  for (std::vector<Point>& curve : shares) {
    size_t kept = 0;
    for (size_t i = 0; i < curve.size(); i += stride) curve[kept++] = curve[i];
    curve.resize(kept);
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
  Shares shares = SharesOfMetrics(run);
  if (shares[0].empty()) shares = SharesOfRollouts(run);
  Chart chart;
  chart.title = "Outcomes";
  chart.description = "Shares of the outcomes of the samples over the steps, stacked.";
  chart.unit = Unit::kPercent;
  for (size_t i = 0; i < kOutcomes.size(); ++i) {
    if (!AnyPositive(shares[i])) continue;
    const std::string name(Name(kOutcomes[i]));
    chart.series.push_back({.label = name,
                            .points = shares[i],
                            .color = name,
                            .mark = Mark::kArea,
                            .label_last = false});
  }
  return RenderFigure(RenderAreas, chart, 0.62);
}

}  // namespace hone
