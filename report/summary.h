// The headline of a run: what came out of it, in figures.
#ifndef HONE_REPORT_SUMMARY_H_
#define HONE_REPORT_SUMMARY_H_

#include <optional>
#include <string>

#include "absl/types/span.h"
#include "report/run_data.h"

namespace hone {

// Held-out accuracy where it counts: at the start of reinforcement learning (or, without any, at
// the first measurement) and at the last one.
struct HeldoutChange {
  Point before;
  Point after;
};
std::optional<HeldoutChange> FindHeldoutChange(const RunData& run);

// A sentence about the result.
std::string DescribeResult(const RunData& run);

// "not finished: grpo 37 of 60 steps", or empty when all steps of the experiment are done.
std::string DescribeUnfinished(const RunData& run);

// The figures of one run as tiles; of several, as a table with a row each.
std::string RenderTiles(const RunData& run);
std::string RenderRunTable(absl::Span<const RunData> runs);

// The totals of the ledger; "" without one.
std::string RenderAccounting(absl::Span<const RunData> runs);

}  // namespace hone

#endif  // HONE_REPORT_SUMMARY_H_
