// When a verifier fails too often for a run to go on.
#ifndef HONE_TRAINER_VERIFIER_FAILURES_H_
#define HONE_TRAINER_VERIFIER_FAILURES_H_

#include <cstdint>

#include "absl/types/span.h"
#include "base/status.h"
#include "data/records.h"

namespace hone {

// Unavailable if the verifier failed (timeout, error) on more than `max_share` of the samples, or
// on all of them; with the numbers and the commonest reason.
Status CheckVerifierFailures(absl::Span<const Group* const> groups, double max_share, int64_t step);

}  // namespace hone

#endif  // HONE_TRAINER_VERIFIER_FAILURES_H_
