#include "report/summary.h"

#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "report/format.h"
#include "report/markup.h"

namespace hone {
namespace {

constexpr absl::string_view kReinforcement = "grpo";

int64_t NumSteps(const RunData& run) { return run.stages.empty() ? 0 : run.stages.back().last; }

std::string StepsByStage(const RunData& run) {
  std::vector<std::string> parts;
  for (const StageSpan& stage : run.stages) {
    parts.push_back(absl::StrCat(FormatCount(stage.last - stage.first + 1), " ", stage.name));
  }
  return absl::StrJoin(parts, " + ");
}

const StageSpan* ReinforcementStage(const RunData& run) {
  for (const StageSpan& stage : run.stages) {
    if (stage.name == kReinforcement) return &stage;
  }
  return nullptr;
}

std::string Percent(double value) { return FormatValue(value, Unit::kPercent); }

std::string Tile(absl::string_view label, absl::string_view value, absl::string_view note) {
  return absl::StrCat("<div class=\"tile\"><dt>", EscapeHtml(label), "</dt><dd>", EscapeHtml(value),
                      note.empty() ? "" : "<small>", EscapeHtml(note),
                      note.empty() ? "" : "</small>", "</dd></div>\n");
}

std::string HeldoutText(const RunData& run) {
  const std::optional<HeldoutChange> change = FindHeldoutChange(run);
  if (!change) return "–";
  if (change->before.x == change->after.x) return Percent(change->after.y);
  return absl::StrCat(Percent(change->before.y), " → ", Percent(change->after.y));
}

std::string BalanceText(const RunData& run) {
  if (!run.ledger) return "–";
  return run.ledger_balance.ok() ? "balances" : "does not balance";
}

std::string CountOrNothing(double count) { return count > 0 ? FormatShort(count) : "–"; }

}  // namespace

std::optional<HeldoutChange> FindHeldoutChange(const RunData& run) {
  std::vector<Point> measured = Curve(run, "heldout_accuracy");
  std::erase_if(measured, [](const Point& p) { return !std::isfinite(p.y); });
  if (measured.empty()) return std::nullopt;
  HeldoutChange change{measured.front(), measured.back()};
  const StageSpan* stage = ReinforcementStage(run);
  if (stage == nullptr) return change;
  for (const Point& p : measured) {
    if (p.x < static_cast<double>(stage->first)) change.before = p;
  }
  return change;
}

std::string DescribeResult(const RunData& run) {
  const std::optional<HeldoutChange> change = FindHeldoutChange(run);
  if (!change) {
    return run.metrics.empty() ? "No step is finished yet."
                               : "Held-out accuracy has not been measured yet.";
  }
  if (change->before.x == change->after.x) {
    return absl::StrFormat("Held-out accuracy is %s after step %s.", Percent(change->after.y),
                           FormatCount(static_cast<int64_t>(change->after.x)));
  }
  const double difference = change->after.y - change->before.y;
  const absl::string_view verb = difference > 0   ? "rose"
                                 : difference < 0 ? "fell"
                                                  : "did not change:";
  const StageSpan* stage = ReinforcementStage(run);
  const int64_t steps = static_cast<int64_t>(change->after.x - change->before.x);
  return absl::StrFormat("Held-out accuracy %s from %s to %s in %s %s%s.", verb,
                         Percent(change->before.y), Percent(change->after.y), FormatCount(steps),
                         steps == 1 ? "step" : "steps",
                         stage == nullptr ? "" : " of reinforcement learning");
}

std::string DescribeUnfinished(const RunData& run) {
  if (!run.experiment) return "";
  int64_t done = NumSteps(run);
  for (const Stage& stage : run.experiment->stages) {
    const int64_t steps = stage.sft ? stage.sft->steps : stage.grpo ? stage.grpo->steps : 0;
    if (done < steps) {
      return absl::StrFormat("not finished: %s %s of %s steps", stage.sft ? "sft" : "grpo",
                             FormatCount(done), FormatCount(steps));
    }
    done -= steps;
  }
  return "";
}

std::string RenderTiles(const RunData& run) {
  std::string out = "<dl class=\"tiles\">\n";
  const std::optional<HeldoutChange> change = FindHeldoutChange(run);
  if (change) {
    const bool two = change->before.x != change->after.x;
    absl::StrAppend(&out, "<div class=\"tile main\"><dt>Held-out accuracy</dt><dd>");
    if (two) {
      absl::StrAppend(&out, "<span class=\"was\">", Percent(change->before.y), " → </span>");
    }
    absl::StrAppend(&out, Percent(change->after.y), "<small>");
    if (two) absl::StrAppendFormat(&out, "step %.0f → ", change->before.x);
    absl::StrAppendFormat(&out, "%s%.0f</small></dd></div>\n", two ? "" : "step ", change->after.x);
  }
  absl::StrAppend(&out, Tile("Steps", FormatCount(NumSteps(run)),
                             run.stages.size() > 1 ? StepsByStage(run) : ""));
  if (const double seconds = SumOf(run, "seconds"); seconds > 0) {
    absl::StrAppend(&out, Tile("Time", FormatDuration(seconds), "in steps"));
  }
  if (const double tokens = SumOf(run, "tokens"); tokens > 0) {
    absl::StrAppend(&out, Tile("Tokens", FormatShort(tokens), "with prompts"));
  }
  if (run.ledger) {
    absl::StrAppend(&out,
                    Tile("Samples", FormatCount(run.ledger->samples_recorded), "with held-out"),
                    Tile("Ledger", run.ledger_balance.ok() ? "balances" : "unbalanced",
                         run.ledger_balance.ok() ? "every sample once" : "see Accounting"));
  }
  return out + "</dl>\n";
}

std::string RenderRunTable(absl::Span<const RunData> runs) {
  std::vector<std::vector<std::string>> rows = {
      {"run", "held-out accuracy", "steps", "time", "tokens", "samples", "ledger", "status"}};
  for (const RunData& run : runs) {
    const std::string unfinished = DescribeUnfinished(run);
    rows.push_back({run.name, HeldoutText(run), FormatCount(NumSteps(run)),
                    FormatDuration(SumOf(run, "seconds")), CountOrNothing(SumOf(run, "tokens")),
                    run.ledger ? FormatCount(run.ledger->samples_recorded) : "–", BalanceText(run),
                    unfinished.empty() ? "finished" : unfinished});
  }
  return RenderTable(rows);
}

std::string RenderAccounting(absl::Span<const RunData> runs) {
  std::vector<std::vector<std::string>> rows = {{""},
                                                {"samples asked for"},
                                                {"samples recorded"},
                                                {"samples used by a step"},
                                                {"duplicates refused"},
                                                {"leases granted"},
                                                {"leases lost and given out again"},
                                                {"balance"}};
  std::string problems;
  for (const RunData& run : runs) {
    if (!run.ledger) continue;
    const LedgerTotals& totals = *run.ledger;
    rows[0].push_back(runs.size() == 1 ? "in all" : run.name);
    size_t row = 1;
    for (const int64_t count :
         {totals.prompts_issued, totals.samples_recorded, totals.samples_consumed,
          totals.duplicates_refused, totals.leases_granted, totals.leases_lost}) {
      rows[row++].push_back(FormatCount(count));
    }
    rows[row].push_back(BalanceText(run));
    if (!run.ledger_balance.ok()) {
      absl::StrAppend(&problems, "<p class=\"warning\">", EscapeHtml(run.ledger_balance.message()),
                      "</p>\n");
    }
  }
  return rows[0].size() == 1 ? "" : RenderTable(rows) + problems;
}

}  // namespace hone
