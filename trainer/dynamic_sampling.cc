#include "trainer/dynamic_sampling.h"

#include <algorithm>
#include <utility>

#include "trainer/algorithm/advantage.h"

namespace hone {
namespace {

// The samples that were judged have rewards that differ.
bool HasContrast(const Group& group) {
  std::vector<double> rewards;
  for (const Score& score : group.scores) {
    if (!IsVerifierFailure(score.outcome)) rewards.push_back(score.reward);
  }
  return !AllEqual(rewards);
}

}  // namespace

std::vector<const Group*> StepGroups::All() const {
  std::vector<const Group*> all;
  for (const Group& group : train) all.push_back(&group);
  for (const Group& group : dropped) all.push_back(&group);
  return all;
}

StatusOr<StepGroups> SampleUntilFull(const AlgorithmSpec& algorithm, int64_t wanted,
                                     SampleRound sample) {
  StepGroups groups;
  int64_t asked = 0, kept = 0;
  for (groups.rounds = 0; kept < wanted && groups.rounds < algorithm.max_sampling_rounds;
       ++groups.rounds) {
    int64_t count = wanted;
    if (kept > 0) count = std::min(wanted, ((wanted - kept) * asked + kept - 1) / kept);
    HONE_ASSIGN_OR_RETURN(std::vector<Group> round, sample(groups.rounds, count));
    for (Group& group : round) {
      const bool keep = kept < wanted && HasContrast(group);
      kept += keep;
      (keep ? groups.train : groups.dropped).push_back(std::move(group));
    }
    asked += count;
  }
  return groups;
}

}  // namespace hone
