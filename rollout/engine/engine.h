// The rollout engine: samples groups of completions from one set of weights by continuous batching
// over a paged KV cache. A completion is a pure function of (weights, prompt tokens, prompt id,
// sample index, sampling parameters): not of what else is in the batch, of the thread count, or of
// the instruction set.
// Thread safety: none; one thread owns an engine (its kernels use the process's thread pool).
#ifndef HONE_ROLLOUT_ENGINE_ENGINE_H_
#define HONE_ROLLOUT_ENGINE_ENGINE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "data/records.h"
#include "kernels/precision.h"
#include "model/weights.h"

namespace hone {

struct EngineOptions {
  int max_sequences = 256;   // decoded together
  int kv_cache_tokens = 0;   // 0: enough for max_sequences of full length, at most 4 GiB
  bool ignore_stop = false;  // run to max_tokens: for benchmarks
  Precision precision = Precision::kFloat32;
};

// Work for the engine: a prompt and how many samples of it to draw, indices from 0.
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

class Engine {
 public:
  Engine(const ModelConfig& config, const EngineOptions& options);
  ~Engine();

  // Takes new weights (packs them); allowed only while the engine is idle. With bfloat16 they must
  // be rounded (RoundWeights).
  void SetWeights(const Weights& weights);

  // Queues a request. InvalidArgument when the prompt is empty, holds ids outside the vocabulary,
  // or leaves no room in the context; or when one sequence could never fit the cache.
  Status Add(GenerateRequest request);

  // One step: admits what fits, runs the model once over all running sequences, samples one token
  // for each. Appends requests whose samples are all done to `finished`.
  void Step(std::vector<FinishedRequest>* finished);

  bool idle() const;                 // nothing queued or running
  int num_sequences() const;         // queued and running samples
  int64_t generated_tokens() const;  // since construction

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_ENGINE_H_
