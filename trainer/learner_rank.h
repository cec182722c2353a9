// What every rank of the trainer holds, its part of the policy and of the reference policy, and
// what it does when rank 0 says so (trainer/learner_group.h).
#ifndef HONE_TRAINER_LEARNER_RANK_H_
#define HONE_TRAINER_LEARNER_RANK_H_

#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "cluster/weights_publisher.h"
#include "config/experiment.h"
#include "data/weights_source.h"
#include "trainer/algorithm/loss.h"
#include "trainer/learner/learner.h"
#include "trainer/learner_command.h"

namespace hone {

// What the loss says of one sequence.
struct SequenceTerms {
  LossTerms terms;
  double gap = 0;  // max |learner − rollout| log-prob
};

class LearnerRank {
 public:
  // What a command gives: the same on every rank.
  struct Result {
    std::vector<SequenceTerms> sequences;  // of the batch
    std::vector<TokenLogProbs> logprobs;   // of the batch
    double grad_norm = 0;
    std::vector<WeightsSource> sources;  // of the published version
    // Into the checkpoint; may run on another thread, once, before the next save.
    std::function<Status()> write_shard;
  };

  // Reads the policy's weights by `read`. What is given by reference is not owned.
  LearnerRank(const Experiment& experiment, const ModelConfig& config, Learner::ReadWeights read,
              const LearnerRanks& ranks, WeightsPublisher& publisher);

  // Goes on from a checkpoint: weights, moments, reference policy.
  Status Restore(const std::string& checkpoint);

  // Errors throw.
  Result Execute(const LearnerCommand& command);

  const ModelConfig& config() const { return policy_.config(); }

 private:
  std::vector<SequenceTerms> PolicyGradient(const LearnerCommand& command);
  std::vector<SequenceTerms> SupervisedGradient(const LearnerCommand& command);
  // Every rank's own sequences to all of them.
  void Share(std::vector<SequenceTerms>* sequences);
  void StartReference(Learner::ReadWeights read);
  std::vector<WeightsSource> Publish(uint64_t version);
  std::function<Status()> WriteShard(const std::string& folder);

  const Experiment& experiment_;
  LearnerRanks ranks_;
  WeightsPublisher& publisher_;
  Learner policy_;
  std::unique_ptr<Learner> reference_;                  // null while no stage asks for one
  Learner::ShardState saved_policy_, saved_reference_;  // being written
};

LearnerOptions OptionsFor(const Experiment& experiment);

}  // namespace hone

#endif  // HONE_TRAINER_LEARNER_RANK_H_
