#include "trainer/batch.h"

#include <utility>

#include "trainer/loss.h"

namespace hone {

TrainBatch MakeTrainBatch(const AlgorithmSpec& algorithm, absl::Span<const Group> groups) {
  struct Judged {
    const Group* group;
    const Completion* completion;
    double advantage;
  };
  std::vector<Judged> judged;
  std::vector<int64_t> lengths;
  for (const Group& group : groups) {
    std::vector<double> rewards;
    const size_t first = judged.size();
    for (size_t i = 0; i < group.completions.size(); ++i) {
      if (IsVerifierFailure(group.scores[i].outcome)) continue;
      rewards.push_back(group.scores[i].reward);
      judged.push_back({&group, &group.completions[i], 0});
      lengths.push_back(static_cast<int64_t>(group.completions[i].tokens.size()));
    }
    const std::vector<double> advantages = GroupAdvantages(rewards, algorithm.std_epsilon);
    for (size_t i = 0; i < advantages.size(); ++i) judged[first + i].advantage = advantages[i];
  }
  const std::vector<double> weights = SequenceWeights(algorithm, lengths);
  const bool all = algorithm.kl_coefficient != 0 || algorithm.entropy_coefficient != 0;
  TrainBatch batch;
  for (size_t i = 0; i < judged.size(); ++i) {
    if (!all && judged[i].advantage == 0) continue;
    TrainSequence sequence;
    sequence.tokens = judged[i].group->prompt.tokens;
    sequence.prompt_size = static_cast<int64_t>(sequence.tokens.size());
    const auto& tokens = judged[i].completion->tokens;
    sequence.tokens.insert(sequence.tokens.end(), tokens.begin(), tokens.end());
    batch.sequences.push_back(std::move(sequence));
    batch.old_logprobs.push_back(judged[i].completion->logprobs);
    batch.advantages.push_back(judged[i].advantage);
    batch.weights.push_back(weights[i]);
  }
  return batch;
}

}  // namespace hone
