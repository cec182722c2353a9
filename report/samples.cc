#include "report/samples.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/records.h"
#include "report/format.h"
#include "report/reflection.h"
#include "report/reward_terms.h"

namespace hone {
namespace {

constexpr size_t kImprovedShown = 4;
constexpr size_t kStillWrongShown = 1;
constexpr size_t kExtremesShown = 3;
constexpr size_t kMaxCompletionBytes = 4000;
// Of a completion where many steps list theirs: the most, the least, and what all steps share.
constexpr size_t kMaxListedBytes = 2000;
constexpr size_t kMinListedBytes = 300;
constexpr size_t kAllListedBytes = 64 * kMaxListedBytes;
constexpr size_t kMaxPromptBytes = 1500;
constexpr size_t kMaxDetailBytes = 300;

bool IsCorrect(const RolloutRecord& record) { return record.outcome == Name(Outcome::kCorrect); }

using ProblemKey = std::pair<absl::string_view, absl::string_view>;
ProblemKey KeyOf(const RolloutRecord& record) { return {record.prompt, record.answer}; }

void SortBySample(std::vector<const RolloutRecord*>* records) {
  std::stable_sort(records->begin(), records->end(),
                   [](const RolloutRecord* a, const RolloutRecord* b) {
                     return a->sample_index < b->sample_index;
                   });
}

// Problems whose new answer comes from a corrected try stand first: they show what was learned.
// The rest, and each kind, is taken evenly over the set rather than from its beginning.
std::vector<const ProblemPair*> ChooseImproved(const std::vector<const ProblemPair*>& improved) {
  std::vector<const ProblemPair*> corrected, others, chosen;
  for (const ProblemPair* pair : improved) {
    const bool is_corrected = TraceSearch(pair->after.front()->completion).corrected;
    (is_corrected ? corrected : others).push_back(pair);
  }
  for (const auto* kind : {&corrected, &others}) {
    const size_t count = std::min(kind->size(), kImprovedShown - chosen.size());
    for (size_t i = 0; i < count; ++i) chosen.push_back((*kind)[i * kind->size() / count]);
  }
  return chosen;
}

std::string Badge(const RolloutRecord& record) {
  const absl::string_view sign = IsCorrect(record) ? "✓" : "✗";
  return absl::StrCat("<span class=\"badge ", IsCorrect(record) ? "good" : "bad", "\">", sign, " ",
                      EscapeHtml(record.outcome), "</span>");
}

std::string RenderRecord(const RolloutRecord& record, size_t max_bytes) {
  std::string out = absl::StrCat("<pre class=\"completion\">",
                                 RenderCompletion(record.completion, max_bytes), "</pre>");
  if (record.finish_reason == Name(FinishReason::kLength)) {
    out += "<p class=\"detail\">cut at the length limit</p>";
  }
  if (!record.detail.empty()) {
    absl::StrAppend(&out, "<p class=\"detail\">", EscapeHtml(Clip(record.detail, kMaxDetailBytes)),
                    "</p>");
  }
  return out;
}

std::string RenderPrompt(const RolloutRecord& record) {
  return absl::StrCat("<pre class=\"prompt\">",
                      EscapeHtml(Clip(absl::StripAsciiWhitespace(record.prompt), kMaxPromptBytes)),
                      "</pre>");
}

std::string RenderSide(absl::string_view when, int64_t step,
                       const std::vector<const RolloutRecord*>& records) {
  const auto correct = std::count_if(records.begin(), records.end(),
                                     [](const RolloutRecord* r) { return IsCorrect(*r); });
  std::string out = absl::StrCat("<div class=\"side\"><h4>", when, "<span class=\"when\"> step ",
                                 step, "</span>", Badge(*records.front()));
  if (records.size() > 1) {
    absl::StrAppend(&out, "<span class=\"tally\">", correct, " of ", records.size(),
                    " correct</span>");
  }
  return absl::StrCat(out, "</h4>", RenderRecord(*records.front(), kMaxCompletionBytes), "</div>");
}

std::string RenderPair(const ProblemPair& pair, const RunData& run) {
  return absl::StrCat("<article class=\"card\">", RenderPrompt(*pair.after.front()),
                      "<div class=\"sides\">", RenderSide("Before", run.before->step, pair.before),
                      RenderSide("After", run.after->step, pair.after), "</div></article>\n");
}

std::string DescribeChanges(const Changes& changes, size_t num_problems) {
  return absl::StrFormat(
      "<p>Of %s held-out problems, judged by the first sample of each: <b class=\"good\">%s from "
      "wrong to right</b>, %s right both times, %s from right to wrong, %s wrong both times. The "
      "ones below are chosen from the first and the last kind; both sides show sample 1.</p>\n",
      FormatCount(num_problems), FormatCount(changes.wrong_to_right.size()),
      FormatCount(changes.right_to_right.size()), FormatCount(changes.right_to_wrong.size()),
      FormatCount(changes.wrong_to_wrong.size()));
}

// One sample a problem, in the order given.
std::vector<const RolloutRecord*> FirstOfProblems(
    const std::vector<const RolloutRecord*>& records) {
  std::set<ProblemKey> seen;
  std::vector<const RolloutRecord*> chosen;
  for (const RolloutRecord* record : records) {
    if (chosen.size() == kExtremesShown) break;
    if (seen.insert(KeyOf(*record)).second) chosen.push_back(record);
  }
  return chosen;
}

// Compares rewards; which comes first is the extreme.
using RewardOrder = bool (*)(double a, double b);

std::vector<const RolloutRecord*> ExtremeRewards(const std::vector<RolloutRecord>& records,
                                                 RewardOrder before) {
  std::vector<const RolloutRecord*> sorted;
  for (const RolloutRecord& record : records) {
    if (std::isfinite(record.reward)) sorted.push_back(&record);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [before](const RolloutRecord* a, const RolloutRecord* b) {
                     return before(a->reward, b->reward);
                   });
  return FirstOfProblems(sorted);
}

std::string RenderSample(const RolloutRecord& record, const RunData& run) {
  const size_t bytes = std::clamp(kAllListedBytes / std::max<size_t>(1, run.summaries.size()),
                                  kMinListedBytes, kMaxListedBytes);
  return absl::StrCat("<article class=\"card\">", RenderPrompt(record), "<h4>", Badge(record),
                      "<span class=\"tally\">reward ",
                      EscapeHtml(DescribeReward(run.experiment, record)), "</span></h4>",
                      RenderRecord(record, bytes), "</article>\n");
}

}  // namespace

std::vector<ProblemPair> PairProblems(const RolloutSet& before, const RolloutSet& after) {
  std::map<ProblemKey, std::vector<const RolloutRecord*>> early;
  for (const RolloutRecord& record : before.records) early[KeyOf(record)].push_back(&record);
  std::map<ProblemKey, size_t> index;
  std::vector<ProblemPair> pairs;
  for (const RolloutRecord& record : after.records) {
    const auto match = early.find(KeyOf(record));
    if (match == early.end()) continue;
    const auto [position, is_new] = index.emplace(KeyOf(record), pairs.size());
    if (is_new) pairs.push_back({match->second, {}});
    pairs[position->second].after.push_back(&record);
  }
  for (ProblemPair& pair : pairs) {
    SortBySample(&pair.before);
    SortBySample(&pair.after);
  }
  return pairs;
}

Changes CompareFirstSamples(const std::vector<ProblemPair>& pairs) {
  Changes changes;
  for (const ProblemPair& pair : pairs) {
    const bool was_right = IsCorrect(*pair.before.front());
    const bool is_right = IsCorrect(*pair.after.front());
    auto& kind = was_right ? (is_right ? changes.right_to_right : changes.right_to_wrong)
                           : (is_right ? changes.wrong_to_right : changes.wrong_to_wrong);
    kind.push_back(&pair);
  }
  return changes;
}

std::string RenderCompletion(absl::string_view completion, size_t max_bytes) {
  while (absl::ConsumePrefix(&completion, "\n") || absl::ConsumePrefix(&completion, "\r")) {
  }
  completion = absl::StripTrailingAsciiWhitespace(completion);
  const absl::string_view shown = Clip(completion, max_bytes);
  std::string out;
  for (const absl::string_view line : absl::StrSplit(shown, '\n')) {
    const LineKind kind = ClassifyLine(line);
    std::string text = EscapeHtml(absl::StripSuffix(line, "\r"));
    // An answer on one line is emphasised as a whole; the markup stays balanced whatever the text.
    const size_t begin = text.find("&lt;answer&gt;");
    const size_t end = text.find("&lt;/answer&gt;");
    if (begin != std::string::npos && end != std::string::npos && begin < end) {
      const size_t content = begin + absl::string_view("&lt;answer&gt;").size();
      text = absl::StrCat(text.substr(0, begin), "&lt;answer&gt;<b class=\"answer\">",
                          text.substr(content, end - content), "</b>", text.substr(end));
    }
    absl::StrReplaceAll({{"&lt;think&gt;", "<i>&lt;think&gt;</i>"},
                         {"&lt;/think&gt;", "<i>&lt;/think&gt;</i>"},
                         {"&lt;answer&gt;", "<i>&lt;answer&gt;</i>"},
                         {"&lt;/answer&gt;", "<i>&lt;/answer&gt;</i>"}},
                        &text);
    if (kind == LineKind::kFailedTry) text = absl::StrCat("<span class=\"fail\">", text, "</span>");
    if (kind == LineKind::kSuccessfulTry)
      text = absl::StrCat("<span class=\"ok\">", text, "</span>");
    absl::StrAppend(&out, out.empty() ? "" : "\n", text);
  }
  if (shown.size() < completion.size()) {
    absl::StrAppend(&out, "\n<i>… ", FormatCount(completion.size() - shown.size()),
                    " bytes left out</i>");
  }
  return out;
}

std::string RenderBeforeAfter(const RunData& run) {
  if (!run.before || !run.after) return "";
  const std::vector<ProblemPair> pairs = PairProblems(*run.before, *run.after);
  if (pairs.empty()) return "";
  const Changes changes = CompareFirstSamples(pairs);
  std::string out = DescribeChanges(changes, pairs.size());
  for (const ProblemPair* pair : ChooseImproved(changes.wrong_to_right)) {
    out += RenderPair(*pair, run);
  }
  for (size_t i = 0; i < std::min(kStillWrongShown, changes.wrong_to_wrong.size()); ++i) {
    out += RenderPair(*changes.wrong_to_wrong[i], run);
  }
  return out;
}

std::vector<const RolloutRecord*> HighestRewards(const std::vector<RolloutRecord>& records) {
  return ExtremeRewards(records, [](double a, double b) { return a > b; });
}

std::vector<const RolloutRecord*> LowestRewards(const std::vector<RolloutRecord>& records) {
  return ExtremeRewards(records, [](double a, double b) { return a < b; });
}

std::string RenderHighest(const RunData& run) {
  std::set<int64_t> worth_a_look;
  for (const Jump& jump : run.jumps) worth_a_look.insert(jump.step);
  std::string out;
  for (const RolloutSummary& summary : run.summaries) {
    if (summary.highest.empty()) continue;
    const bool open = worth_a_look.contains(summary.step);
    absl::StrAppendFormat(&out, "<details class=\"step\" id=\"step-%d\"%s><summary>Step %d: ",
                          summary.step, open ? " open" : "", summary.step);
    for (size_t i = 0; i < summary.highest.size(); ++i) {
      absl::StrAppend(&out, i == 0 ? "" : ", ",
                      FormatValue(summary.highest[i].reward, Unit::kNumber));
    }
    if (open) out += " · worth a look";
    out += "</summary>\n";
    for (const RolloutRecord& record : summary.highest) out += RenderSample(record, run);
    out += "</details>\n";
  }
  return out;
}

std::string RenderLowest(const RunData& run) {
  if (!run.last) return "";
  std::string samples;
  for (const RolloutRecord* record : LowestRewards(run.last->records)) {
    samples += RenderSample(*record, run);
  }
  if (samples.empty()) return "";
  return absl::StrFormat("<details><summary>Step %d</summary>\n%s</details>\n", run.last->step,
                         samples);
}

}  // namespace hone
