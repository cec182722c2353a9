// What the remote reward and an HTTP service say to one another. The request:
//   {"items": [{"prompt": "…", "completion": "…", "answer": "…", "completion_tokens": 17}, …]}
// `answer` is the problem's record as text; `completion_tokens` is absent where it is not known.
// The response has one score for each item, in the same order; unknown keys are not read:
//   {"scores": [{"outcome": "correct", "reward": 1.0, "detail": "…"}, …]}
// `outcome` is correct, incorrect, unparseable, timeout or error. `reward` is finite, at most
// kMaxRemoteReward in size, and needless for timeout and error. `detail` may be absent.
#ifndef HONE_REWARD_REMOTE_JSON_H_
#define HONE_REWARD_REMOTE_JSON_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "reward/verifier.h"

namespace hone {

// A weighted sum of such rewards stays finite.
inline constexpr double kMaxRemoteReward = 1e6;

// Bytes that are not UTF-8 become U+FFFD.
std::string RemoteRequest(absl::Span<const JudgeItem> items);

// InvalidArgument where the response as a whole is wrong, its message the end of a sentence that
// begins with the service's address. A score that is wrong alone is one verdict with the outcome
// error.
StatusOr<std::vector<Verdict>> ReadRemoteResponse(absl::string_view body, size_t num_items);

// What a service said of one item, checked: a reward that is not finite or beyond the limit makes
// it an error, a failure has no reward, and the detail is cut.
Verdict RemoteVerdict(Outcome outcome, double reward, absl::string_view detail);

// The error of a response with another number of scores.
Status WrongCount(size_t num_scores, size_t num_items);

}  // namespace hone

#endif  // HONE_REWARD_REMOTE_JSON_H_
