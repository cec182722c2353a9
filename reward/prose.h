// The words of a completion that belong to a human language.
#ifndef HONE_REWARD_PROSE_H_
#define HONE_REWARD_PROSE_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "reward/pieces.h"

namespace hone {

// In order, without code, formulas, commands, tags, addresses, names with digits or underscores,
// and single letters of the Latin and Greek scripts; see reward/language.h. What opens and never
// closes is text.
std::vector<Piece> ProseWords(absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_PROSE_H_
