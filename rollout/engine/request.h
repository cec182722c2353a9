// What goes into the rollout engine and what comes out.
#ifndef HONE_ROLLOUT_ENGINE_REQUEST_H_
#define HONE_ROLLOUT_ENGINE_REQUEST_H_

#include <cstdint>
#include <vector>

#include "data/records.h"

namespace hone {

// A prompt and how many samples of it to draw, indices from 0.
struct GenerateRequest {
  uint64_t prompt_id = 0;
  std::vector<int32_t> prompt_tokens;
  int num_samples = 1;
  SamplingParams sampling;
};

struct FinishedRequest {
  uint64_t prompt_id = 0;
  std::vector<Completion> completions;  // by sample index
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_REQUEST_H_
