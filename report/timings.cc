#include "report/timings.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "report/format.h"
#include "report/markup.h"

namespace hone {
namespace {

constexpr absl::string_view kOther = "other";
constexpr double kNegligible = 5e-4;  // of a stage's time: not worth a name

double& SecondsOf(absl::string_view name, std::vector<PhaseTime>* phases) {
  for (PhaseTime& phase : *phases) {
    if (phase.name == name) return phase.seconds;
  }
  phases->push_back({std::string(name), 0});
  return phases->back().seconds;
}

StageTime& TimeOf(absl::string_view stage, std::vector<StageTime>* stages) {
  if (stages->empty() || stages->back().stage != stage) {
    stages->push_back({std::string(stage), 0, 0, {}});
  }
  return stages->back();
}

// Phases in the order of a step, each with its colour in every report; then those of other names.
constexpr std::pair<absl::string_view, absl::string_view> kKnownPhases[] = {
    {"data", "s5"},    {"rollout", "s0"}, {"reward", "s3"},    {"learn", "s2"},
    {"publish", "s4"}, {"eval", "s1"},    {"checkpoint", "s6"}};

// The names of all phases that took time; "other" last.
std::vector<std::string> PhaseNames(const std::vector<StageTime>& stages) {
  std::vector<std::string> found, names;
  for (const StageTime& stage : stages) {
    for (const PhaseTime& phase : stage.phases) {
      if (phase.name != kOther) found.push_back(phase.name);
    }
  }
  auto add = [&](absl::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  };
  for (const auto& [name, color] : kKnownPhases) {
    if (std::find(found.begin(), found.end(), name) != found.end()) add(name);
  }
  for (const std::string& name : found) add(name);
  const bool has_other = std::any_of(stages.begin(), stages.end(), [](const StageTime& stage) {
    return !stage.phases.empty() && stage.phases.back().name == kOther;
  });
  if (has_other) add(kOther);
  return names;
}

std::string PhaseColor(const std::string& name, size_t index) {
  if (name == kOther) return "other";
  for (const auto& [known, color] : kKnownPhases) {
    if (name == known) return std::string(color);
  }
  return absl::StrCat("s", index % 8);
}

std::string RenderBars(const std::vector<StageTime>& stages,
                       const std::vector<std::string>& names) {
  double longest = 0;
  for (const StageTime& stage : stages) longest = std::max(longest, stage.seconds);
  std::string out = "<ul class=\"legend\">";
  for (size_t i = 0; i < names.size(); ++i) {
    absl::StrAppend(&out, "<li class=\"", PhaseColor(names[i], i),
                    "\"><span class=\"key-area\"></span>", EscapeHtml(names[i]), "</li>");
  }
  out += "</ul>\n";
  for (const StageTime& stage : stages) {
    absl::StrAppendFormat(&out,
                          "<div class=\"bar-row\"><span class=\"bar-name\">%s</span>"
                          "<div class=\"bar\" style=\"width:%.2f%%\">",
                          EscapeHtml(stage.stage), 100 * stage.seconds / longest);
    double sum = 0;
    for (const PhaseTime& phase : stage.phases) sum += phase.seconds;
    for (size_t i = 0; i < names.size(); ++i) {
      for (const PhaseTime& phase : stage.phases) {
        if (phase.name != names[i] || phase.seconds <= 0) continue;
        absl::StrAppendFormat(&out,
                              "<span class=\"%s\" style=\"width:%.2f%%\" title=\"%s %s\"></span>",
                              PhaseColor(names[i], i), 100 * phase.seconds / sum,
                              EscapeHtml(phase.name), FormatDuration(phase.seconds));
      }
    }
    absl::StrAppend(&out, "</div><span class=\"bar-value\">", FormatDuration(stage.seconds),
                    "</span></div>\n");
  }
  return out;
}

std::string RenderPhaseTable(const std::vector<StageTime>& stages,
                             const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> rows = {{"phase"}};
  for (const std::string& name : names) rows.push_back({name});
  rows.push_back({"all"});
  rows.push_back({"mean of a step"});
  for (const StageTime& stage : stages) {
    rows[0].push_back(stage.stage);
    for (size_t i = 0; i < names.size(); ++i) {
      const auto phase = std::find_if(stage.phases.begin(), stage.phases.end(),
                                      [&](const PhaseTime& p) { return p.name == names[i]; });
      rows[i + 1].push_back(phase == stage.phases.end()
                                ? "–"
                                : absl::StrFormat("%s (%.0f%%)", FormatDuration(phase->seconds),
                                                  100 * phase->seconds / stage.seconds));
    }
    rows[names.size() + 1].push_back(FormatDuration(stage.seconds));
    rows[names.size() + 2].push_back(
        stage.num_steps == 0
            ? "–"
            : FormatDuration(stage.seconds / static_cast<double>(stage.num_steps)));
  }
  return RenderTable(rows);
}

}  // namespace

std::vector<StageTime> MeasureStages(const RunData& run) {
  std::vector<StageTime> stages;
  for (const StepMetrics& line : run.metrics) {
    StageTime& stage = TimeOf(line.stage, &stages);
    bool is_step = false;
    for (const auto& [name, value] : line.values) {
      // Only a measurement has nothing but its accuracy and its time.
      is_step |= name == "loss" || name == "lr" || name == "tokens";
      if (!std::isfinite(value)) continue;
      absl::string_view phase = name;
      if (name == "seconds") {
        stage.seconds += value;
      } else if (absl::ConsumeSuffix(&phase, "_seconds")) {
        SecondsOf(phase, &stage.phases) += value;
      }
    }
    stage.num_steps += is_step;
  }
  std::erase_if(stages, [](const StageTime& stage) { return stage.seconds <= 0; });
  for (StageTime& stage : stages) {
    double other = stage.seconds;
    for (const PhaseTime& phase : stage.phases) other -= phase.seconds;
    if (other > kNegligible * stage.seconds) SecondsOf(kOther, &stage.phases) += other;
  }
  return stages;
}

std::string RenderTimings(const RunData& run) {
  const std::vector<StageTime> stages = MeasureStages(run);
  if (stages.empty()) return "";
  const std::vector<std::string> names = PhaseNames(stages);
  return absl::StrCat("<div class=\"bars\">", RenderBars(stages, names), "</div>\n",
                      RenderPhaseTable(stages, names));
}

}  // namespace hone
