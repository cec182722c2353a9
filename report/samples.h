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

// The samples with the highest and the lowest reward of the last step, folded.
std::string RenderExtremes(const RunData& run);

}  // namespace hone

#endif  // HONE_REPORT_SAMPLES_H_
