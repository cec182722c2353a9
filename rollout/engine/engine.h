// The rollout engine: samples groups of completions by continuous batching over a paged KV cache.
// While the weights stay the same, a completion is a pure function of (weights, prompt tokens,
// prompt id, sample index, sampling parameters): not of what else is in the batch, of the size of
// the cache, of the thread count, or of the instruction set. Thread safety: none; one thread owns
// an engine (its kernels use the process's thread pool).
#ifndef HONE_ROLLOUT_ENGINE_ENGINE_H_
#define HONE_ROLLOUT_ENGINE_ENGINE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/status.h"
#include "data/records.h"
#include "model/weights.h"
#include "rollout/engine/decoder.h"
#include "rollout/engine/request.h"

namespace hone {

// Tokens guessed from what was said before go through the model together; those that are what is
// then drawn are kept (draft_index.h). The completions are the same in any case.
enum class Speculation {
  kMeasured,  // where it is faster, by what was measured (draft_policy.h)
  kOff,
  kAlways,  // as many as can be guessed: for tests and benchmarks
};
StatusOr<Speculation> ParseSpeculation(absl::string_view name);  // "measured", "off", "always"

struct EngineOptions {
  int max_sequences = 256;   // decoded together
  int kv_cache_tokens = 0;   // 0: enough for max_sequences of full length, at most 4 GiB
  bool ignore_stop = false;  // run to max_tokens: for benchmarks
  DecoderOptions decoder = {};
  Speculation speculation = Speculation::kMeasured;
  Clock* clock = RealClock();  // not owned
};

// Of the cache that an engine with these options has.
int64_t KvCacheBytes(const ModelConfig& config, const EngineOptions& options);

// What the engine holds and did; counts are since construction.
struct EngineStats {
  int64_t kv_blocks = 0;  // of kKvBlockTokens tokens
  int64_t kv_blocks_used = 0;
  int64_t kv_cache_bytes = 0;
  int running_sequences = 0;
  int stepped_sequences = 0;   // went through the model in the last step
  int64_t stepped_blocks = 0;  // were in use then
  int queued_sequences = 0;
  int64_t steps = 0;
  int64_t generated_tokens = 0;
  int64_t prefilled_tokens = 0;  // of prompts and of preempted samples
  int64_t preemptions = 0;
  int64_t drafted_tokens = 0;   // guessed, and put through the model
  int64_t accepted_tokens = 0;  // of those: generated
};

class Engine {
 public:
  Engine(const ModelConfig& config, const EngineOptions& options);
  ~Engine();

  // New weights, from the next step on. Samples in work go on with them: the keys and values that
  // they have stay those of the old weights, and Completion::versions tells which version drew
  // which token. Returns what is no longer needed of old and new ones (decoder.h).
  std::shared_ptr<const DecoderWeights> SetWeights(std::shared_ptr<const DecoderWeights> weights,
                                                   uint64_t version);
  // The same, packed here and now.
  void SetWeights(const Weights& weights, uint64_t version = 0);

  // Sequences of so many tokens, prompt included, that certainly run together; groups share their
  // prompts, so theirs may be more.
  int64_t SequencesThatFit(int64_t tokens) const;
  // The same in words, with the size of the KV cache.
  std::string DescribeCapacity(int64_t tokens) const;

  // Queues a request. InvalidArgument, and the engine is as it was, when the prompt is empty, holds
  // ids outside the vocabulary, or leaves no room in the context; or when one sequence of prompt
  // and max_tokens could never fit the cache.
  Status Add(GenerateRequest request);

  // One step: admits what fits, runs the model once over all running sequences, samples a token for
  // each, and more where guesses were right. Appends requests whose samples are all done to
  // `finished`.
  void Step(std::vector<FinishedRequest>* finished);

  bool idle() const;                 // nothing queued or running
  int num_sequences() const;         // queued and running samples
  int64_t generated_tokens() const;  // since construction
  EngineStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_ENGINE_H_
