#include "report/jumps.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "data/records.h"
#include "report/format.h"
#include "report/reward_terms.h"
#include "report/run_data.h"

namespace hone {
namespace {

constexpr size_t kHistory = 20;
constexpr size_t kMinHistory = 8;
constexpr double kDeviations = 5;
constexpr double kShareFloor = 0.1;
constexpr double kLengthFloor = 0.25;  // of the mean

constexpr size_t kStretch = 10;
constexpr double kTermRise = 0.1;
constexpr double kAccuracyMove = 0.05;
constexpr double kLengthFall = 0.5;  // of what it was

constexpr absl::string_view kAccuracy = "accuracy";
constexpr absl::string_view kLength = "response_length_mean";
constexpr absl::string_view kStageName = "grpo";

// The lines of one stage, those of a measurement alone left out.
using StageLines = std::vector<const StepMetrics*>;

std::optional<double> ValueOf(const StepMetrics& line, absl::string_view metric) {
  for (const auto& [name, value] : line.values) {
    if (name == metric) return std::isfinite(value) ? std::optional(value) : std::nullopt;
  }
  return std::nullopt;
}

// Stages that follow each other are told apart by the experiment.
std::vector<StageLines> SplitStages(const RunData& run) {
  std::vector<StageLines> stages;
  std::optional<size_t> last;
  for (const StepMetrics& line : run.metrics) {
    if (line.stage != kStageName || !ValueOf(line, kAccuracy)) continue;
    const std::optional<size_t> stage =
        run.experiment ? StageOfStep(*run.experiment, line.step) : std::nullopt;
    if (stages.empty() || stage != last) stages.emplace_back();
    last = stage;
    stages.back().push_back(&line);
  }
  return stages;
}

double Mean(absl::Span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double Deviation(absl::Span<const double> values, double mean) {
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

std::string Text(double value) { return FormatValue(value, Unit::kNumber); }

void FindJumpsOf(absl::string_view metric, const StageLines& lines, std::vector<Jump>* jumps) {
  std::vector<double> history;
  for (const StepMetrics* line : lines) {
    const std::optional<double> value = ValueOf(*line, metric);
    if (!value) continue;
    if (history.size() >= kMinHistory) {
      const double mean = Mean(history);
      const double floor = metric == kLength ? kLengthFloor * mean : kShareFloor;
      const double move = std::abs(*value - mean);
      if (move > std::max(floor, kDeviations * Deviation(history, mean))) {
        jumps->push_back({line->step, absl::StrCat(metric, *value > mean ? " jumps" : " drops"),
                          Text(mean), Text(*value)});
      }
    }
    history.push_back(*value);
    if (history.size() > kHistory) history.erase(history.begin());
  }
}

// Of two curves the means over each stretch of kStretch steps that have both.
struct PairedMeans {
  std::vector<int64_t> last_steps;
  std::vector<double> a, b;
};

PairedMeans MeansOfStretches(const StageLines& lines, absl::string_view metric_a,
                             absl::string_view metric_b) {
  PairedMeans means;
  std::vector<int64_t> steps;
  std::vector<double> a, b;
  for (const StepMetrics* line : lines) {
    const std::optional<double> value_a = ValueOf(*line, metric_a);
    const std::optional<double> value_b = ValueOf(*line, metric_b);
    if (!value_a || !value_b) continue;
    steps.push_back(line->step);
    a.push_back(*value_a);
    b.push_back(*value_b);
  }
  for (size_t end = kStretch; end <= steps.size(); ++end) {
    means.last_steps.push_back(steps[end - 1]);
    means.a.push_back(Mean(absl::MakeConstSpan(a).subspan(end - kStretch, kStretch)));
    means.b.push_back(Mean(absl::MakeConstSpan(b).subspan(end - kStretch, kStretch)));
  }
  return means;
}

// `fits` gets the earlier and the later mean of the first metric, then of the second.
using Fits = bool (*)(double a_before, double a_now, double b_before, double b_now);

void FindTrend(absl::string_view metric_a, absl::string_view metric_b, absl::string_view what,
               Fits fits, const StageLines& lines, std::vector<Jump>* jumps) {
  const PairedMeans means = MeansOfStretches(lines, metric_a, metric_b);
  for (size_t now = kStretch; now < means.a.size(); ++now) {
    for (size_t before = now - kStretch + 1; before-- > 0;) {
      if (!fits(means.a[before], means.a[now], means.b[before], means.b[now])) continue;
      jumps->push_back({means.last_steps[now], std::string(what),
                        absl::StrCat(Text(means.a[before]), " and ", Text(means.b[before])),
                        absl::StrCat(Text(means.a[now]), " and ", Text(means.b[now]))});
      return;
    }
  }
}

void FindJumpsOfStage(const StageLines& lines, std::vector<Jump>* jumps) {
  std::vector<std::string> terms;
  for (const auto& [name, value] : lines.front()->values) {
    if (absl::StartsWith(name, kTermMetricPrefix)) terms.push_back(name);
  }
  for (const std::string& term : terms) FindJumpsOf(term, lines, jumps);
  for (const Outcome outcome : {Outcome::kUnparseable, Outcome::kTimeout, Outcome::kError}) {
    FindJumpsOf(absl::StrCat(kOutcomeMetricPrefix, Name(outcome)), lines, jumps);
  }
  FindJumpsOf(kLength, lines, jumps);
  for (size_t i = 1; i < terms.size(); ++i) {
    FindTrend(
        terms[i], kAccuracy, absl::StrCat(terms[i], " rose while accuracy fell"),
        [](double term_before, double term, double accuracy_before, double accuracy) {
          return term >= term_before + kTermRise && accuracy <= accuracy_before - kAccuracyMove;
        },
        lines, jumps);
  }
  FindTrend(
      kAccuracy, kLength, "accuracy rose while response_length_mean fell to half or less",
      [](double accuracy_before, double accuracy, double length_before, double length) {
        return accuracy >= accuracy_before + kAccuracyMove && length <= length_before * kLengthFall;
      },
      lines, jumps);
}

std::string RenderStep(const Jump& jump, const RunData& run) {
  const bool has_samples = std::any_of(
      run.summaries.begin(), run.summaries.end(),
      [&](const RolloutSummary& s) { return s.step == jump.step && !s.highest.empty(); });
  if (!has_samples) return absl::StrCat(jump.step);
  return absl::StrCat("<a href=\"#step-", jump.step, "\">", jump.step, "</a>");
}

}  // namespace

std::vector<Jump> FindJumps(const RunData& run) {
  std::vector<Jump> jumps;
  for (const StageLines& lines : SplitStages(run)) FindJumpsOfStage(lines, &jumps);
  std::stable_sort(jumps.begin(), jumps.end(),
                   [](const Jump& a, const Jump& b) { return a.step < b.step; });
  return jumps;
}

std::string RenderJumps(const RunData& run) {
  if (SplitStages(run).empty()) return "";
  if (run.jumps.empty()) return "<p>None of the rules finds anything in this run.</p>\n";
  std::string out =
      "<div class=\"scroll\"><table class=\"findings\"><thead><tr><th scope=\"col\">step</th>"
      "<th scope=\"col\">what</th><th scope=\"col\">from</th><th scope=\"col\">to</th></tr></thead>"
      "<tbody>";
  const size_t shown = std::min(kMaxJumpsShown, run.jumps.size());
  for (const Jump& jump : absl::MakeConstSpan(run.jumps).first(shown)) {
    absl::StrAppend(&out, "<tr><th scope=\"row\">", RenderStep(jump, run), "</th><td>",
                    EscapeHtml(jump.what), "</td><td>", EscapeHtml(jump.from), "</td><td>",
                    EscapeHtml(jump.to), "</td></tr>\n");
  }
  out += "</tbody></table></div>\n";
  if (shown < run.jumps.size()) {
    absl::StrAppend(&out, "<p class=\"detail\">", FormatCount(run.jumps.size() - shown),
                    " later ones are left out.</p>\n");
  }
  return out;
}

}  // namespace hone
