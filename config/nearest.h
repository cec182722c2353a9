// Spelling suggestions for error messages.
#ifndef HONE_CONFIG_NEAREST_H_
#define HONE_CONFIG_NEAREST_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hone {

// The candidate that `name` was most likely meant to be: within one edit for each three characters
// of the candidate (at least one), not counting case; or the only one that begins with `name`.
// An edit inserts, deletes or replaces a character or swaps two neighbours. Of equally near ones
// the first. "" when none is near.
std::string NearestOf(absl::string_view name, absl::Span<const std::string> candidates);

// "; did you mean `x`?", or "; valid are `a`, `b`" when none is near.
std::string Suggestion(absl::string_view name, absl::Span<const std::string> candidates);

}  // namespace hone

#endif  // HONE_CONFIG_NEAREST_H_
