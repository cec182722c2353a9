// The account of every sample of a run, in SQLite (ledger.sqlite): a sample is named by
// (policy version, prompt, sample index) and is recorded once. The version in the name is the one
// published when the prompt was issued; asynchronous runs may sample from a later one, which is
// recorded beside it. Consumption is committed with the
// checkpoint: RollBack() forgets what a resumed run will do again.
// Thread safety: none; the coordinator's owner thread calls it.
#ifndef HONE_DATA_LEDGER_H_
#define HONE_DATA_LEDGER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/types/span.h"
#include "base/status.h"
#include "data/records.h"

namespace hone {

// Totals over the run, for the summary and for checking that the ledger balances.
struct LedgerTotals {
  int64_t prompts_issued = 0;      // prompts × samples that were asked for, as samples
  int64_t samples_recorded = 0;    // distinct samples recorded
  int64_t samples_consumed = 0;    // recorded and used by a step
  int64_t duplicates_refused = 0;  // submissions of a sample that was there already
  int64_t leases_granted = 0;
  int64_t leases_lost = 0;  // expired, or their worker died
};

class Ledger {
 public:
  // Opens or creates. A file that is not a ledger, or that is of another run, is an error.
  static StatusOr<std::unique_ptr<Ledger>> Open(const std::string& path, const std::string& run_id);
  virtual ~Ledger() = default;

  // One transaction: a step's prompts (before its leases), then its scored groups as consumed by
  // global step `step`. Recording a sample twice is an error (AlreadyExists): a bug upstream.
  virtual Status RecordIssued(int64_t step, absl::Span<const Prompt> prompts, int num_samples,
                              uint64_t policy_version) = 0;
  virtual Status RecordConsumed(int64_t step, uint64_t issued_version,
                                absl::Span<const Group> groups) = 0;

  // Events that are only counted; kept with the step for the report.
  virtual Status CountLease(int64_t step, int64_t granted, int64_t lost, int64_t duplicates) = 0;

  // Forgets everything recorded for steps > `step`, in one transaction.
  virtual Status RollBack(int64_t step) = 0;

  virtual StatusOr<LedgerTotals> Totals() = 0;

  // OK when every issued sample was recorded once and consumed once; else says which are not.
  virtual Status CheckBalance() = 0;
};

}  // namespace hone

#endif  // HONE_DATA_LEDGER_H_
