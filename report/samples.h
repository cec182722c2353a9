// Completions to read: held-out problems before and after, and the extremes of the last step.
#ifndef HONE_REPORT_SAMPLES_H_
#define HONE_REPORT_SAMPLES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "report/run_data.h"

namespace hone {

// A held-out problem with its samples of both measurements, ordered by sample index.
struct ProblemPair {
  std::vector<const RolloutRecord*> before;
  std::vector<const RolloutRecord*> after;
};

// The problems that stand in both, in the order of `after`.
std::vector<ProblemPair> PairProblems(const RolloutSet& before, const RolloutSet& after);

// How the first sample of each problem changed.
struct Changes {
  std::vector<const ProblemPair*> wrong_to_right, right_to_right, right_to_wrong, wrong_to_wrong;
};
Changes CompareFirstSamples(const std::vector<ProblemPair>& pairs);

// Markup of a completion: tries are set apart by their mark, the answer is emphasised, and what is
// longer than max_bytes is cut. Safe for any text.
std::string RenderCompletion(absl::string_view completion, size_t max_bytes);

// Problems before and after, side by side; "" when the run has no two measurements.
std::string RenderBeforeAfter(const RunData& run);

// The three samples with the highest rewards, or the lowest, one a problem, the extreme first; of
// equal rewards the first. A reward that is not finite is passed over.
std::vector<const RolloutRecord*> HighestRewards(const std::vector<RolloutRecord>& records);
std::vector<const RolloutRecord*> LowestRewards(const std::vector<RolloutRecord>& records);

// The samples with the highest rewards of each step that was read, folded but for the steps that
// are worth a look; each stands at the anchor "step-N". "" when nothing was read.
std::string RenderHighest(const RunData& run);

// The samples with the lowest rewards of the last step, folded.
std::string RenderLowest(const RunData& run);

}  // namespace hone

#endif  // HONE_REPORT_SAMPLES_H_
