#include "trainer/batch.h"

#include <utility>

#include "trainer/algorithm/advantage.h"
#include "trainer/algorithm/aggregation.h"

namespace hone {

TrainBatch MakeTrainBatch(const AlgorithmSpec& algorithm, absl::Span<const Group> groups) {
  struct Judged {
    const Group* group;
    const Completion* completion;
  };
  std::vector<Judged> judged;
  std::vector<double> rewards;
  std::vector<int64_t> members, lengths;
  for (size_t g = 0; g < groups.size(); ++g) {
    const Group& group = groups[g];
    for (size_t i = 0; i < group.completions.size(); ++i) {
      if (IsVerifierFailure(group.scores[i].outcome)) continue;
      rewards.push_back(group.scores[i].reward);
      members.push_back(static_cast<int64_t>(g));
      judged.push_back({&group, &group.completions[i]});
      lengths.push_back(static_cast<int64_t>(group.completions[i].tokens.size()));
    }
  }
  const std::vector<double> advantages = Advantages(algorithm, rewards, members);
  const std::vector<double> weights = SequenceWeights(algorithm, lengths);
  const bool all = algorithm.kl_coefficient != 0 || algorithm.entropy_coefficient != 0;
  TrainBatch batch;
  for (size_t i = 0; i < judged.size(); ++i) {
    if (!all && advantages[i] == 0) continue;
    TrainSequence sequence;
    sequence.tokens = judged[i].group->prompt.tokens;
    sequence.prompt_size = static_cast<int64_t>(sequence.tokens.size());
    const auto& tokens = judged[i].completion->tokens;
    sequence.tokens.insert(sequence.tokens.end(), tokens.begin(), tokens.end());
    batch.sequences.push_back(std::move(sequence));
    batch.old_logprobs.push_back(judged[i].completion->logprobs);
    batch.advantages.push_back(advantages[i]);
    batch.weights.push_back(weights[i]);
  }
  return batch;
}

}  // namespace hone
