// A judging process from within: it reads requests from a socket, judges them, and answers item by
// item. The service's side is reward/judge_process.h.
#ifndef HONE_REWARD_JUDGE_H_
#define HONE_REWARD_JUDGE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/types/span.h"
#include "base/status.h"
#include "config/verifier_spec.h"
#include "proto/hone.pb.h"

namespace hone {

// On the socket, before `size` bytes. To the judge: requests (ScoreRequest). From it: at its start
// that it is ready; then to each request a score for each item, in order, or one refusal (a text).
struct JudgeFrame {
  enum Kind : uint32_t { kRequest = 1, kReady, kScore, kRefusal };
  uint32_t kind = 0;
  uint32_t size = 0;
  double seconds = 0;  // of a score: what it took
  int64_t code = 0;    // of a refusal: its absl::StatusCode
};

// The next item's score, and the seconds that judging it took.
using TakeScore = std::function<void(const proto::Score& score, double seconds)>;

// Gives the score of each item, in order. InvalidArgument for terms that make no sense,
// FailedPrecondition where this machine lacks what they need: then no score was given.
using JudgeRequest = std::function<Status(const proto::ScoreRequest& request, const TakeScore&)>;

// By the rewards of reward/verifier.h, which are made once for each list of terms.
JudgeRequest MakeJudge();

// What a judge may allocate. No limit under sanitizers, whose own memory is more than any.
#ifdef HONE_SANITIZE
inline constexpr int64_t kJudgeMemoryBytes = 0;
#else
inline constexpr int64_t kJudgeMemoryBytes = int64_t{2} << 30;
#endif

// The life of a judging process, until the other end of `socket` closes. What a verifier throws,
// std::bad_alloc above all, ends the process like a crash. `memory_bytes`: what it may allocate;
// 0: no limit.
void RunJudge(int socket, const JudgeRequest& judge, int64_t memory_bytes) noexcept;

// A request's terms, at least one; InvalidArgument says what is wrong. Makes no verifier.
StatusOr<std::vector<RewardSpec>> ParseTerms(const proto::ScoreRequest& request);

// How many items had best be judged together: the most that a term wants.
int ItemsAtOnce(absl::Span<const RewardSpec> terms);

}  // namespace hone

#endif  // HONE_REWARD_JUDGE_H_
