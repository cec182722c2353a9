// How far behind the weights of a step those were that its samples came from.
#ifndef HONE_TRAINER_VERSION_LAG_H_
#define HONE_TRAINER_VERSION_LAG_H_

#include <cstdint>

#include "absl/types/span.h"
#include "data/records.h"

namespace hone {

struct VersionLag {
  uint64_t max = 0;         // versions
  double mean = 0;          // versions, over all tokens of the completions
  int64_t old_samples = 0;  // whose first token is by older weights than the step's
  int64_t old_tokens = 0;   // that are
};

// Of a step that starts from `version`; no sample is by a newer one.
VersionLag MeasureVersionLag(absl::Span<const Group* const> groups, uint64_t version);

}  // namespace hone

#endif  // HONE_TRAINER_VERSION_LAG_H_
