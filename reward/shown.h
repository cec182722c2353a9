// Text of a model within a message: escaped, and not too long.
#ifndef HONE_REWARD_SHOWN_H_
#define HONE_REWARD_SHOWN_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hone {

inline constexpr size_t kMaxShownBytes = 80;

std::string Shown(absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_SHOWN_H_
