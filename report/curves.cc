#include "report/curves.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "report/markup.h"

namespace hone {
namespace {

constexpr size_t kMaxPoints = 600;      // of one curve, or of all runs' curves in a chart
constexpr size_t kMinPoints = 60;       // of each run, however many there are
constexpr size_t kSmoothedPoints = 30;  // shorter curves are shown as they are
constexpr size_t kNumColors = 12;
constexpr double kEmptyShare = 0.08;  // of the main chart, for what comes before its points

size_t PointBudget(size_t num_runs) { return std::max(kMinPoints, kMaxPoints / num_runs); }

// A noisy curve is a faint line of the values and a clear one of their moving mean.
void AddCurve(const std::vector<Point>& points, const std::string& label, const std::string& color,
              size_t max_points, bool smooth, Chart* chart) {
  if (!AnyFinite(points)) return;
  if (!smooth || points.size() < kSmoothedPoints) {
    chart->series.push_back({label, Downsample(points, max_points), color});
    return;
  }
  const size_t window = std::max<size_t>(5, points.size() / 12);
  chart->series.push_back({.label = label,
                           .points = Downsample(points, max_points),
                           .color = color,
                           .mark = Mark::kFaint,
                           .label_last = false,
                           .legend = false});
  chart->series.push_back({.label = label,
                           .points = Downsample(MovingMean(points, window), max_points),
                           .color = color,
                           .tooltip = false});
}

// With a gap where a stage ends: what comes after is another curve. Only the stages called
// `stage`, unless that is empty.
std::vector<Point> SplitByStage(const std::vector<Point>& points, const RunData& run,
                                absl::string_view stage) {
  std::vector<Point> split;
  size_t next = 0;
  for (const StageSpan& span : run.stages) {
    if (!split.empty()) split.push_back({split.back().x, std::nan("")});
    for (; next < points.size() && points[next].x <= static_cast<double>(span.last); ++next) {
      if (stage.empty() || span.name == stage) split.push_back(points[next]);
    }
  }
  return split;
}

bool AllZero(const std::vector<Point>& points) {
  return std::all_of(points.begin(), points.end(),
                     [](const Point& p) { return p.y == 0 || !std::isfinite(p.y); });
}

// The stages of the run that got furthest: runs that are compared mostly share them.
std::vector<Band> SharedBands(absl::Span<const RunData> runs) {
  std::vector<Band> longest;
  for (const RunData& run : runs) {
    std::vector<Band> bands = StageBands(run);
    if (!bands.empty() && (longest.empty() || bands.back().end > longest.back().end)) {
      longest = std::move(bands);
    }
  }
  return longest;
}

struct Panel {
  std::string metric;
  std::string title;
  std::string note;
  Unit unit = Unit::kNumber;
  bool only_if_nonzero = false;
  bool smooth = true;
  std::string stage = "";  // the stages whose curve it is; empty: all
};

// The curves of a metric; of several runs, each has the colour and name of its run.
void AddMetric(absl::Span<const RunData> runs, const Panel& panel, Chart* chart) {
  for (size_t i = 0; i < runs.size(); ++i) {
    AddCurve(SplitByStage(Curve(runs[i], panel.metric), runs[i], panel.stage),
             runs.size() == 1 ? panel.title : runs[i].name, RunColor(i), PointBudget(runs.size()),
             panel.smooth, chart);
  }
}

const std::vector<Panel>& Panels() {
  static const auto* panels = new std::vector<Panel>{
      {"reward_mean", "Reward", "mean over the samples of a step"},
      {"response_length_mean", "Response length", "tokens, mean"},
      {"entropy", "Entropy", "nats per token"},
      {"format_rate", "Format", "share of samples with a readable answer", Unit::kPercent},
      {"truncated_rate", "Truncated", "share of samples cut at the length limit", Unit::kPercent},
      {.metric = "rollout_learner_gap",
       .title = "Rollout–learner gap",
       .note = "largest difference of log-probs; 0 = exactly on-policy",
       .smooth = false},
      {"reward_std", "Reward spread", "standard deviation over the samples"},
      {.metric = "loss", .title = "Policy loss", .note = "near 0 by design", .stage = "grpo"},
      {"grad_norm", "Gradient norm", "before clipping"},
      {.metric = "lr", .title = "Learning rate", .note = "of the optimizer", .smooth = false},
      {.metric = "loss", .title = "Fine-tuning loss", .note = "nats per token", .stage = "sft"},
      {"kl", "KL to the reference policy", "nats per token", Unit::kNumber, true},
      {"clip_fraction", "Clipped", "share of tokens with a clipped ratio", Unit::kPercent, true},
      {"staleness", "Staleness", "versions that samples lag behind", Unit::kNumber, true, false},
      {.metric = "engine_tokens_per_second",
       .title = "Rollout speed",
       .note = "tokens a second of a worker while it generates",
       .only_if_nonzero = true,
       .stage = "grpo"},
      {.metric = "engine_occupancy",
       .title = "Rollout occupancy",
       .note = "share of a worker's places while it generates",
       .unit = Unit::kPercent,
       .only_if_nonzero = true,
       .stage = "grpo"},
      {.metric = "engine_cache_use",
       .title = "KV cache in use",
       .note = "share of a worker's cache while it generates",
       .unit = Unit::kPercent,
       .only_if_nonzero = true,
       .stage = "grpo"},
      {"verifier_failures", "Verifier failures", "samples, never trained on", Unit::kNumber, true,
       false}};
  return *panels;
}

// The metrics of reward terms, in the order in which they first appear.
std::vector<std::string> TermMetrics(absl::Span<const RunData> runs) {
  std::vector<std::string> terms;
  for (const RunData& run : runs) {
    for (const StepMetrics& line : run.metrics) {
      for (const auto& [name, value] : line.values) {
        const bool is_new = absl::StartsWith(name, kTermMetricPrefix) &&
                            std::find(terms.begin(), terms.end(), name) == terms.end();
        if (is_new) terms.push_back(name);
      }
    }
  }
  return terms;
}

std::string RenderMetricPanel(absl::Span<const RunData> runs, const Panel& panel) {
  const bool all_zero = std::all_of(runs.begin(), runs.end(), [&](const RunData& run) {
    return AllZero(Curve(run, panel.metric));
  });
  if (panel.only_if_nonzero && all_zero) return "";
  const bool is_gap = panel.metric == "rollout_learner_gap";
  const std::string note = is_gap && all_zero ? "0 at every step = exactly on-policy" : panel.note;
  Chart chart;
  chart.title = panel.title;
  chart.description = absl::StrCat(panel.title, " over the steps: ", note);
  chart.unit = panel.unit;
  AddMetric(runs, panel, &chart);
  chart.bands = SharedBands(runs);
  if (is_gap || panel.metric == "lr") chart.low = 0;
  return RenderPanel(chart, note);
}

// A panel over the steps whose rollouts were read.
struct ReflectionPanel {
  std::string title;
  std::string note;
  Unit unit;
  double (*value)(const ReflectionStats&);
  bool only_if_nonzero = false;
};

const std::vector<ReflectionPanel>& ReflectionPanels() {
  using Stats = ReflectionStats;
  static const auto* panels = new std::vector<ReflectionPanel>{
      {"Tries per answer", "mean number of marked tries in a completion", Unit::kNumber,
       [](const Stats& s) { return s.TriesPerSample(); }},
      {"Self-corrections", "samples that fail a try, then succeed, and are correct", Unit::kPercent,
       [](const Stats& s) { return s.Share(s.self_corrections); }},
      {"Giving up", "samples that end after failed tries only", Unit::kPercent,
       [](const Stats& s) { return s.Share(s.given_up); }},
      {"False claims", "samples that claim success but are incorrect", Unit::kPercent,
       [](const Stats& s) { return s.Share(s.false_claims); }, true}};
  return *panels;
}

std::string RenderReflectionPanel(absl::Span<const RunData> runs, const ReflectionPanel& panel) {
  Chart chart;
  chart.title = panel.title;
  chart.description = absl::StrCat(panel.title, " over the steps: ", panel.note);
  chart.unit = panel.unit;
  chart.low = 0;
  chart.bands = SharedBands(runs);
  bool all_zero = true;
  for (size_t i = 0; i < runs.size(); ++i) {
    std::vector<Point> points;
    for (const RolloutSummary& summary : runs[i].summaries) {
      points.push_back({static_cast<double>(summary.step), panel.value(summary.reflection)});
    }
    all_zero &= AllZero(points);
    chart.series.push_back({runs.size() == 1 ? panel.title : runs[i].name, points, RunColor(i)});
  }
  return panel.only_if_nonzero && all_zero ? "" : RenderPanel(chart, panel.note);
}

// From the first step to the last; a long stage without a point is not shown whole.
void SetMainRange(Chart* chart) {
  if (chart->bands.empty()) return;
  double first = chart->bands.back().end;
  for (const Series& series : chart->series) {
    for (const Point& p : series.points) {
      if (std::isfinite(p.y)) first = std::min(first, p.x);
    }
  }
  chart->x_high = chart->bands.back().end;
  chart->x_low = std::max(0.0, first - kEmptyShare * (*chart->x_high - first));
}

}  // namespace

std::string RunColor(size_t i) { return absl::StrCat("s", i % kNumColors); }

std::string RenderMainChart(absl::Span<const RunData> runs) {
  Chart chart;
  chart.title = "Accuracy";
  chart.description = "Share of correct answers over the steps of training.";
  chart.unit = Unit::kPercent;
  chart.low = 0;
  chart.bands = SharedBands(runs);
  AddMetric(runs, {.metric = "accuracy", .title = "training problems"}, &chart);
  const bool alone = runs.size() == 1;
  for (size_t i = 0; i < runs.size(); ++i) {
    chart.series.push_back({.label = alone ? "held-out problems" : runs[i].name + ", held out",
                            .points = Curve(runs[i], "heldout_accuracy"),
                            .color = alone ? "s1" : RunColor(i),
                            .mark = Mark::kDots,
                            .label_first = alone});
  }
  SetMainRange(&chart);
  std::string figure = RenderFigure(RenderLines, chart, 1.0);
  if (!figure.empty()) return figure;

  chart.title = "Loss";
  chart.description = "Loss over the steps of training.";
  chart.unit = Unit::kNumber;
  chart.low.reset();
  chart.series.clear();
  AddMetric(runs, {.metric = "loss", .title = "loss"}, &chart);
  return RenderFigure(RenderLines, chart, 1.0);
}

std::string RenderMetricPanels(absl::Span<const RunData> runs) {
  std::string panels;
  for (const Panel& panel : Panels()) panels += RenderMetricPanel(runs, panel);
  if (runs.size() > 1) {
    for (const std::string& term : TermMetrics(runs)) {
      panels += RenderMetricPanel(
          runs,
          {.metric = term, .title = term, .note = "mean of a reward term, before its weight"});
    }
  }
  if (panels.empty()) return "";
  return absl::StrCat("<div class=\"panels\">\n", panels, "</div>");
}

std::string RenderRewardTerms(const RunData& run) {
  Chart chart;
  chart.title = "Reward by component";
  chart.description = "Mean of each reward term over the steps, before its weight.";
  const absl::Span<const RunData> alone = absl::MakeConstSpan(&run, 1);
  for (const std::string& term : TermMetrics(alone)) {
    AddCurve(SplitByStage(Curve(run, term), run, ""),
             std::string(absl::StripPrefix(term, kTermMetricPrefix)), RunColor(chart.series.size()),
             kMaxPoints, true, &chart);
  }
  chart.bands = SharedBands(alone);
  return RenderFigure(RenderLines, chart, 0.62);
}

std::string RenderReflectionPanels(absl::Span<const RunData> runs) {
  const bool any = std::any_of(runs.begin(), runs.end(), [](const RunData& run) {
    return std::any_of(run.summaries.begin(), run.summaries.end(),
                       [](const RolloutSummary& s) { return s.reflection.tries > 0; });
  });
  if (!any) return "";
  std::string panels;
  for (const ReflectionPanel& panel : ReflectionPanels()) {
    panels += RenderReflectionPanel(runs, panel);
  }
  return absl::StrCat("<div class=\"panels\">\n", panels, "</div>");
}

}  // namespace hone
