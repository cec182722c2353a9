// Where in a completion its program stands.
#ifndef HONE_REWARD_CODE_CODE_BLOCK_H_
#define HONE_REWARD_CODE_CODE_BLOCK_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hone {

// The content of the last fenced block (``` at the begin of a line) that is marked with one of
// `languages`, in any case; without one, of the last block that is not marked at all. Looked for
// behind the last </think>, and within the last <answer>…</answer> behind that, if there is one. A
// block that is never closed counts for nothing: the program may be cut off.
std::optional<absl::string_view> LastCodeBlock(absl::string_view completion,
                                               absl::Span<const absl::string_view> languages);

}  // namespace hone

#endif  // HONE_REWARD_CODE_CODE_BLOCK_H_
