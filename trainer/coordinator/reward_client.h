// Calls to reward services.
// Thread safety: all methods may be called from any thread; Score blocks for at most its deadline.
#ifndef HONE_TRAINER_COORDINATOR_REWARD_CLIENT_H_
#define HONE_TRAINER_COORDINATOR_REWARD_CLIENT_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "base/status.h"
#include "proto/hone.grpc.pb.h"
#include "trainer/coordinator/score_queue.h"

namespace hone {

inline constexpr int kCallsInFlight = 4;  // at once, to all services; they mostly wait

class RewardClient {
 public:
  // `timeout_seconds`: of a call, beside what its rewards may need for each completion.
  explicit RewardClient(double timeout_seconds) : timeout_seconds_(timeout_seconds) {}

  // scores[i][j] judges sample j of task i. One attempt: the caller knows where to try next.
  // Internal when the answer does not fit the question.
  StatusOr<std::vector<std::vector<Score>>> ScoreTasks(const ScoreBatch& batch);

  // Ends the calls in flight and lets later ones fail at once.
  void Cancel();

 private:
  using Stub = proto::Reward::Stub;

  std::shared_ptr<Stub> StubFor(const std::string& address);
  Status Call(const std::string& address, const proto::ScoreRequest& request,
              double timeout_seconds, proto::ScoreResponse* response);

  const double timeout_seconds_;
  absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Stub>> stubs_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<grpc::ClientContext*> in_flight_ ABSL_GUARDED_BY(mutex_);
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_REWARD_CLIENT_H_
