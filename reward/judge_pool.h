// Scores requests on several judging processes (reward/judge_process.h): cuts them into pieces,
// keeps the pieces that wait in a bounded queue, and answers by a deadline whatever happens to a
// judge.
//
// An input that kills a judge costs that judge alone. The rest of its piece is judged again, each
// item by itself; the one that kills a second judge has the outcome `error`.
//
// Thread safety: Score and Health may be called from any thread; Score blocks until its deadline at
// most. Constructed and destroyed by one thread, and no Score may be running at the end.
// Invariants: every piece is in the queue, with one judge, or settled; what a call is answered with
// does not depend on how it was cut, but for calls that meet a crash or their deadline.
#ifndef HONE_REWARD_JUDGE_POOL_H_
#define HONE_REWARD_JUDGE_POOL_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "proto/hone.pb.h"

namespace hone {

struct JudgePoolOptions {
  std::vector<std::string> command = {"/proc/self/exe", "judge"};  // of judge_process.h
  int num_judges = 1;
  // Of the queue. A call that finds it empty is always taken.
  int64_t max_waiting_items = 1 << 14;
  int64_t max_waiting_bytes = 256 << 20;
};

class JudgePool {
 public:
  // Blocks until the judges are ready; Unavailable if none will be. `metrics` is not owned and gets
  // hone_reward_… .
  static StatusOr<std::unique_ptr<JudgePool>> Start(const JudgePoolOptions& options,
                                                    MetricsRegistry* metrics);
  ~JudgePool();

  // One score for each item, in order. What is not judged by `deadline` (of RealClock()) has the
  // outcome `timeout`. `is_gone` says that nobody wants the answer any more (Cancelled).
  // InvalidArgument for terms that make no sense, FailedPrecondition where this machine lacks what
  // they need; Unavailable when too much is waiting or no judge can be had: try again later or
  // elsewhere.
  StatusOr<proto::ScoreResponse> Score(const proto::ScoreRequest& request, absl::Time deadline,
                                       const std::function<bool()>& is_gone);

  // Unavailable, saying why, while no judge can be had.
  Status Health();

 private:
  struct Call;
  struct Piece;
  struct Instruments;

  JudgePool(const JudgePoolOptions& options, MetricsRegistry* metrics);

  void Run(int judge);
  // Until each judge's first start has ended.
  Status AwaitStarts() ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsClosed() ABSL_LOCKS_EXCLUDED(mutex_);
  // What a judge's start came to. After a failure it blocks for a while, or until the end.
  void NoteStart(int judge, const Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  std::unique_ptr<Piece> NextPiece() ABSL_LOCKS_EXCLUDED(mutex_);
  void TakeScore(Call* call, int item, const proto::Score& score)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What becomes of a piece when its judge is done with it.
  void Settle(std::unique_ptr<Piece> piece, const Status& end) ABSL_LOCKS_EXCLUDED(mutex_);
  // A judge died: of what the piece has left, each item is judged by itself.
  void JudgeApart(const Piece& piece) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Status Enqueue(const std::shared_ptr<Call>& call, int items_at_once) ABSL_LOCKS_EXCLUDED(mutex_);
  void PushFront(std::unique_ptr<Piece> piece) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddWaiting(int64_t items, int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropWaiting(const Call* call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status HealthLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const JudgePoolOptions options_;
  const std::unique_ptr<Instruments> instruments_;

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<std::unique_ptr<Piece>> waiting_ ABSL_GUARDED_BY(mutex_);
  int64_t waiting_items_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::optional<Status>> starts_ ABSL_GUARDED_BY(mutex_);  // each judge's last one
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // one for each judge
};

}  // namespace hone

#endif  // HONE_REWARD_JUDGE_POOL_H_
