// Names that tell the terms of one reward apart.
#ifndef HONE_CONFIG_TERM_NAMES_H_
#define HONE_CONFIG_TERM_NAMES_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "config/verifier_spec.h"

namespace hone {

// Of each term the name of its verifier; of a verifier's second, third, … term with the number:
// "format", "format-2". No verifier's own name has a dash, so all are different.
std::vector<std::string> TermNames(absl::Span<const RewardSpec> terms);

}  // namespace hone

#endif  // HONE_CONFIG_TERM_NAMES_H_
