// Steps of reinforcement learning that look as if the model had found a hole in its reward. Rules
// of thumb, the same for every run: what they name is worth a look, not proven wrong.
//
//   jump:  a curve moves by more than 5 standard deviations of its 20 steps before (at least 8 of
//          them), and by more than a floor: 0.1 for a reward term and for the share of unparseable,
//          timeout and error; a quarter of its mean for the response length.
//   trend: the means of the last 10 steps against those of any 10 steps before them:
//          a term behind the first rose by 0.1 while accuracy fell by 0.05, or
//          accuracy rose by 0.05 while the response length fell to half.
//          Of the earlier stretches that fit the latest is named; a trend is named once in a stage.
//
// Every stage is looked at by itself. Values that are not finite are passed over.
#ifndef HONE_REPORT_JUMPS_H_
#define HONE_REPORT_JUMPS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace hone {

struct RunData;

struct Jump {
  int64_t step = 0;
  std::string what;      // "reward/format jumps"
  std::string from, to;  // the mean before and the value after, for people

  friend bool operator==(const Jump&, const Jump&) = default;
};

constexpr size_t kMaxJumpsShown = 20;

// All of a run, by step. Needs its metrics, and its experiment to tell stages apart.
std::vector<Jump> FindJumps(const RunData& run);

// The first kMaxJumpsShown of run.jumps as a table, the step linked to its samples where
// run.summaries has them; a line that says so when there is none; "" without reinforcement
// learning.
std::string RenderJumps(const RunData& run);

}  // namespace hone

#endif  // HONE_REPORT_JUMPS_H_
