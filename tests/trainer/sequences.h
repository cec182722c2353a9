// Random sequences and a loss for tests of the learner.
#ifndef HONE_TESTS_TRAINER_SEQUENCES_H_
#define HONE_TESTS_TRAINER_SEQUENCES_H_

#include <algorithm>
#include <vector>

#include "base/philox.h"
#include "trainer/learner/learner.h"

namespace hone {

inline std::vector<TrainSequence> RandomSequences(int count, uint64_t seed) {
  Random random(seed, 0);
  std::vector<TrainSequence> sequences(count);
  for (auto& sequence : sequences) {
    sequence.prompt_size = 1 + random.Below(20);
    const int64_t size = sequence.prompt_size + 1 + random.Below(60);
    for (int64_t i = 0; i < size; ++i) {
      sequence.tokens.push_back(static_cast<int32_t>(random.Below(67)));
    }
  }
  return sequences;
}

// −Σ log π / tokens, with a touch of entropy so that its gradient has a part too.
inline void LikelihoodGradient(int64_t, const TokenLogProbs& tokens, absl::Span<float> dlogprobs,
                               absl::Span<float> dentropies) {
  std::fill(dlogprobs.begin(), dlogprobs.end(), -0.01f);
  std::fill(dentropies.begin(), dentropies.end(), 0.003f);
}

}  // namespace hone

#endif  // HONE_TESTS_TRAINER_SEQUENCES_H_
