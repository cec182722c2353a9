// The learners of all ranks as one. Rank 0 runs the stages and calls; each call goes to the others
// as a command (trainer/learner_command.h), every rank executes it on its own shards, and rank 0
// has the result. With a single rank a call is just its execution.
//
// While rank 0 waits for samples it says every few seconds that it is still there, and at once when
// a rank is known to be gone: so a rank that died or hangs is found then, too.
//
// Errors of the arithmetic and of communication throw c10::Error, as the learner's do.
// Thread safety: calls from one thread at a time.
#ifndef HONE_TRAINER_LEARNER_GROUP_H_
#define HONE_TRAINER_LEARNER_GROUP_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/status.h"
#include "cluster/collectives.h"
#include "trainer/learner_rank.h"

namespace hone {

class LearnerGroup {
 public:
  // On rank 0. Nothing is owned. `lost` is called, from another thread, when a rank is found not to
  // answer while no call is under way.
  LearnerGroup(LearnerRank* own, Collectives* all, double still_here_seconds,
               const std::atomic<bool>& rank_lost, std::function<void(const Status&)> lost);
  ~LearnerGroup();

  const ModelConfig& config() const { return own_->config(); }

  // Adds the gradient of the stage's loss over the batch; what it says of each sequence.
  std::vector<SequenceTerms> PolicyGradient(int stage, TrainBatch batch, float temperature);
  // The same for −(mean log-prob of the loss tokens).
  std::vector<SequenceTerms> SupervisedGradient(std::vector<TrainSequence> sequences);
  // One step of the stage's optimiser; the gradient's norm before clipping.
  double Update(int stage, double lr);
  void ResetOptimizer();

  std::vector<TokenLogProbs> LogProbs(const std::vector<TrainSequence>& sequences,
                                      float temperature);
  std::vector<TokenLogProbs> ReferenceLogProbs(const std::vector<TrainSequence>& sequences,
                                               float temperature);
  // The policy as it is becomes the reference policy, unless there is one.
  void StartReference();
  void ReplaceReference();
  void DropReference();

  // Every rank publishes its shard as this version; where each of them is to be had.
  std::vector<WeightsSource> Publish(uint64_t version);

  // Every rank copies its shard; the others write theirs into the folder at once. What is returned
  // writes that of this rank, at any later time.
  std::function<Status()> Save(const std::string& folder);

  // Tells the others that the run is over for them. To be called once; without it, or after an
  // error, they find out by their deadlines.
  Status End();

 private:
  LearnerRank::Result Do(const LearnerCommand& command);
  void SayStillHere(double seconds);

  LearnerRank* own_;
  Collectives* all_;
  const std::atomic<bool>& rank_lost_;
  std::function<void(const Status&)> lost_;
  absl::Mutex mutex_;  // held during a command
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread still_here_;
};

// On the other ranks: does what rank 0 says until it says that the run is over. An error names what
// failed, or that rank 0 has not been heard from.
Status FollowRankZero(LearnerRank* own, Collectives* all);

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_GROUP_H_
