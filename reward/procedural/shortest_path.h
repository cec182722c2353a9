// A shortest path: {"edges":[["A","B",3],…],"from":"A","to":"F","length":7}. Every path between the
// ends along edges whose lengths come to `length` is right. Nodes are single letters, in any case,
// with arrows, hyphens, commas or brackets between them, or nothing.
//   incorrect    another end, no such edge, longer
//   unparseable  anything but letters between separators
#ifndef HONE_REWARD_PROCEDURAL_SHORTEST_PATH_H_
#define HONE_REWARD_PROCEDURAL_SHORTEST_PATH_H_

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "nlohmann/json.hpp"
#include "reward/verifier.h"

namespace hone {

// See check.h.
StatusOr<Verdict> CheckShortestPath(const nlohmann::json& record, absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_PROCEDURAL_SHORTEST_PATH_H_
