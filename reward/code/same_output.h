// Whether a program printed what was wanted.
#ifndef HONE_REWARD_CODE_SAME_OUTPUT_H_
#define HONE_REWARD_CODE_SAME_OUTPUT_H_

#include "absl/strings/string_view.h"

namespace hone {

// Line by line, word by word: white space around and between words does not matter, nor do empty
// lines at either end. Words must be the same bytes; where the wanted one is a number with a
// decimal point, a number that differs by `tolerance` will do too (absolutely below 1, relatively
// above).
bool SameOutput(absl::string_view got, absl::string_view wanted, double tolerance);

}  // namespace hone

#endif  // HONE_REWARD_CODE_SAME_OUTPUT_H_
