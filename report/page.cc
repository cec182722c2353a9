#include "report/page.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "report/curves.h"
#include "report/format.h"
#include "report/jumps.h"
#include "report/markup.h"
#include "report/outcomes.h"
#include "report/samples.h"
#include "report/settings.h"
#include "report/style.h"
#include "report/summary.h"
#include "report/timings.h"

namespace hone {
namespace {

std::string RenderNotes(absl::Span<const RunData> runs) {
  std::string out;
  for (const RunData& run : runs) {
    for (const std::string& note : run.notes) {
      absl::StrAppend(&out, "<p class=\"warning\">", runs.size() > 1 ? EscapeHtml(run.name) : "",
                      runs.size() > 1 ? ": " : "", EscapeHtml(note), "</p>\n");
    }
  }
  return out;
}

std::string RenderHeader(const RunData& run) {
  const std::string unfinished = DescribeUnfinished(run);
  std::string out = absl::StrCat("<header>\n<p class=\"kind\">Training run");
  if (run.experiment) absl::StrAppend(&out, " · seed ", run.experiment->seed);
  absl::StrAppend(&out, "</p>\n<h1>", EscapeHtml(run.name), "</h1>\n<p class=\"lede\">",
                  EscapeHtml(DescribeResult(run)), "</p>\n");
  if (!unfinished.empty()) {
    absl::StrAppend(&out, "<p class=\"status\">", EscapeHtml(unfinished), "</p>\n");
  }
  return absl::StrCat(out, "</header>\n");
}

std::string RenderOneRun(absl::Span<const RunData> runs) {
  const RunData& run = runs.front();
  return absl::StrCat(
      RenderHeader(run), RenderTiles(run), RenderNotes(runs),
      RenderSection("Accuracy", "", RenderMainChart(runs)),
      RenderSection("Watch it learn",
                    "The same held-out problems, before reinforcement learning and at the end. "
                    "Failed tries are grey, successful ones green.",
                    RenderBeforeAfter(run)),
      RenderSection("Learning to reflect",
                    "A try is a line that ends in a digit and x (failed) or ! (succeeded).",
                    RenderReflectionPanels(runs)),
      RenderSection("Metrics", "Long curves: faint is each step, clear the moving mean.",
                    RenderMetricPanels(runs)),
      RenderSection("Reward by component",
                    "Mean of each term over the samples of a step, before its weight.",
                    RenderRewardTerms(run)),
      RenderSection("Outcomes", "How the training samples were judged.", RenderOutcomes(run)),
      RenderSection("Worth a look",
                    "Steps at which a reward term, an outcome or the length moved abruptly, or at "
                    "which a term and the accuracy, or accuracy and length, went apart: rules of "
                    "thumb, no proof.",
                    RenderJumps(run)),
      RenderSection(
          "Highest rewards",
          "What was paid best in each step; where a run's rollouts are very large, in some "
          "steps spread over it and in those that are worth a look.",
          RenderHighest(run)),
      RenderSection("Lowest rewards", "", RenderLowest(run)),
      RenderSection("Time", "", RenderTimings(run)),
      RenderSection("Accounting", "Every sample of the run, from the ledger.",
                    RenderAccounting(runs)),
      RenderSection("Experiment", "", RenderExperiments(runs)));
}

std::string RenderComparison(absl::Span<const RunData> runs) {
  std::string timings, legend = "<ul class=\"legend\">";
  for (size_t i = 0; i < runs.size(); ++i) {
    absl::StrAppend(&legend, "<li class=\"", RunColor(i), "\"><span class=\"key-line\"></span>",
                    EscapeHtml(runs[i].name), "</li>");
    const std::string timing = RenderTimings(runs[i]);
    if (timing.empty()) continue;
    absl::StrAppend(&timings, "<h3>", EscapeHtml(runs[i].name), "</h3>\n", timing);
  }
  legend += "</ul>\n";
  const std::string panels = RenderMetricPanels(runs), reflection = RenderReflectionPanels(runs);
  return absl::StrCat(
      "<header><p class=\"kind\">Training runs compared</p>\n<h1>", runs.size(),
      " runs</h1></header>\n", RenderRunTable(runs), RenderNotes(runs),
      RenderSection("Accuracy", "Lines: training problems. Dots: held-out problems.",
                    RenderMainChart(runs)),
      RenderSection("What differs", "Settings that are not the same in all runs.",
                    RenderDifferences(runs)),
      RenderSection("Learning to reflect",
                    "A try is a line that ends in a digit and x (failed) or ! (succeeded).",
                    reflection.empty() ? "" : legend + reflection),
      RenderSection("Metrics", "Long curves: faint is each step, clear the moving mean.",
                    panels.empty() ? "" : legend + panels),
      RenderSection("Time", "", timings),
      RenderSection("Accounting", "Every sample of the runs, from their ledgers.",
                    RenderAccounting(runs)),
      RenderSection("Experiments", "", RenderExperiments(runs)));
}

std::string Title(absl::Span<const RunData> runs) {
  std::vector<std::string> names;
  for (const RunData& run : runs) names.push_back(run.name);
  return absl::StrCat(absl::StrJoin(names, ", "), " · Hone");
}

}  // namespace

std::string RenderPage(absl::Span<const RunData> runs) {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      EscapeHtml(Title(runs)), "</title>\n<style>", StyleSheet(),
      "</style>\n</head>\n<body>\n<main>\n",
      runs.size() == 1 ? RenderOneRun(runs) : RenderComparison(runs),
      "<footer>Written by Hone. This file needs nothing "
      "else.</footer>\n</main>\n</body>\n</html>\n");
}

}  // namespace hone
