#include "trainer/batch.h"

#include <utility>

#include "trainer/algorithm/advantage.h"
#include "trainer/algorithm/aggregation.h"
#include "trainer/algorithm/kl.h"
#include "trainer/algorithm/overlong.h"

namespace hone {

PolicyTokens<float> TrainBatch::Tokens(int64_t i, const TokenLogProbs& tokens) const {
  PolicyTokens<float> policy;
  policy.logprobs = tokens.logprobs;
  policy.old_logprobs = old_logprobs.empty() ? rollout_logprobs[i] : old_logprobs[i];
  // Against itself a policy needs no correction.
  if (!old_logprobs.empty()) policy.rollout_logprobs = rollout_logprobs[i];
  if (!ref_logprobs.empty()) policy.ref_logprobs = ref_logprobs[i];
  policy.entropies = tokens.entropies;
  policy.advantage = advantages[i];
  policy.weight = weights[i];
  return policy;
}

TrainBatch MakeStepBatch(const AlgorithmSpec& algorithm, absl::Span<const Group> groups,
                         int64_t max_tokens) {
  TrainBatch step;
  for (size_t g = 0; g < groups.size(); ++g) {
    const Group& group = groups[g];
    for (size_t i = 0; i < group.completions.size(); ++i) {
      if (IsVerifierFailure(group.scores[i].outcome)) continue;
      const Completion& completion = group.completions[i];
      TrainSequence sequence;
      sequence.tokens = group.prompt.tokens;
      sequence.prompt_size = static_cast<int64_t>(sequence.tokens.size());
      sequence.tokens.insert(sequence.tokens.end(), completion.tokens.begin(),
                             completion.tokens.end());
      step.groups.push_back(static_cast<int64_t>(g));
      step.rewards.push_back(group.scores[i].reward +
                             OverlongReward(algorithm, sequence.loss_tokens(), max_tokens));
      step.rollout_logprobs.push_back(completion.logprobs);
      step.oldest_versions.push_back(group.oldest_version(completion));
      step.sequences.push_back(std::move(sequence));
    }
  }
  return step;
}

void SetAdvantages(const AlgorithmSpec& algorithm, TrainBatch* step) {
  std::vector<double> rewards = step->rewards;
  std::vector<int64_t> lengths;
  for (size_t i = 0; i < rewards.size(); ++i) {
    lengths.push_back(step->sequences[i].loss_tokens());
    if (algorithm.kl_in == "reward" && !step->ref_logprobs.empty()) {
      const auto& old = step->old_logprobs.empty() ? step->rollout_logprobs : step->old_logprobs;
      rewards[i] -= KlPenalty<float>(algorithm, old[i], step->ref_logprobs[i]);
    }
  }
  step->advantages = Advantages(algorithm, rewards, step->groups, lengths);
}

TrainBatch MakeMinibatch(const AlgorithmSpec& algorithm, const TrainBatch& step, int64_t begin,
                         int64_t end, int64_t max_tokens) {
  std::vector<size_t> members;
  std::vector<int64_t> lengths;
  for (size_t i = 0; i < step.sequences.size(); ++i) {
    if (step.groups[i] < begin || step.groups[i] >= end) continue;
    members.push_back(i);
    lengths.push_back(step.sequences[i].loss_tokens());
  }
  const std::vector<double> weights = SequenceWeights(algorithm, lengths, max_tokens);
  const bool kl_acts = algorithm.kl_coefficient != 0 && algorithm.kl_in == "loss";
  const bool all = kl_acts || algorithm.entropy_coefficient != 0;
  TrainBatch batch;
  for (size_t k = 0; k < members.size(); ++k) {
    const size_t i = members[k];
    if (!all && step.advantages[i] == 0) continue;
    batch.sequences.push_back(step.sequences[i]);
    batch.groups.push_back(step.groups[i]);
    batch.rewards.push_back(step.rewards[i]);
    batch.advantages.push_back(step.advantages[i]);
    batch.weights.push_back(weights[k]);
    batch.rollout_logprobs.push_back(step.rollout_logprobs[i]);
    batch.oldest_versions.push_back(step.oldest_versions[i]);
    if (!step.old_logprobs.empty()) batch.old_logprobs.push_back(step.old_logprobs[i]);
    if (!step.ref_logprobs.empty()) batch.ref_logprobs.push_back(step.ref_logprobs[i]);
  }
  return batch;
}

}  // namespace hone
