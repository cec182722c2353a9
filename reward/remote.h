// The remote reward: a service of the user's own judges, in any language, over HTTP (JSON, the
// schema is in reward/remote_json.h and docs/rewards.md) or gRPC (the Reward service of
// proto/hone.proto). It is asked once for all items; creating the verifier asks nothing, so that a
// run may start before the service.
//   correct, incorrect, unparseable, timeout, error    as the service says
//   timeout    no answer in time, by whichever attempt was the last
//   error      no connection, or an answer that is none: by status, size, form, number or reward
// What failed, where and what to do is the verdict's detail. Such samples never train.
// Unlike other verifiers this one depends on the clock, and is deterministic if the service is.
// May block for (retries + 1) * timeout_seconds and the pauses between, 1 s each at most.
#ifndef HONE_REWARD_REMOTE_H_
#define HONE_REWARD_REMOTE_H_

#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "base/clock.h"
#include "reward/verifier.h"

namespace hone {

// A way to ask the service. Thread safety: Ask may be called from several threads.
class RemoteLine {
 public:
  virtual ~RemoteLine() = default;
  // One attempt; a verdict for each item. DeadlineExceeded and Unavailable are worth another one,
  // other errors are not. Blocks for at most the timeout, and for the look-up of the host's name.
  virtual StatusOr<std::vector<Verdict>> Ask(absl::Span<const JudgeItem> items) const = 0;
};

// `clock` (not owned) times the pauses between attempts. InvalidArgument for an address that is
// none.
StatusOr<std::unique_ptr<Verifier>> MakeRemoteVerifier(const RemoteSpec& spec,
                                                       Clock* clock = RealClock());

}  // namespace hone

#endif  // HONE_REWARD_REMOTE_H_
