// Decides what the engine works on: which prompts are started, which samples decode, and what gives
// way when the KV cache is full.
//
// Memory. A sample is started when its planned length fits beside what those in work are planned to
// take. The plan is the longest that the request allows until lengths have been observed
// (length_estimate.h), then somewhat more than the mean. Where a plan was too low, blocks run out:
// then prompts that can be computed again go first, and after them the samples that were started
// last ("preempted"). A preempted sample keeps its tokens and later computes their keys and values
// again, with the same kernels and so the same bits. The sample that was started first never gives
// way, so there is always progress.
//
// Order. Waiting requests: those that are expected to become longest first, else as they came.
// Preempted samples before new ones. Prompts are computed a little ahead, so that a free place is
// taken in the step in which it became free.
//
// Thread safety: none; the engine's thread owns it.
// Invariants: every sequence in running() has the blocks for its next pass after Schedule(); the
// blocks in use never exceed the cache.
#ifndef HONE_ROLLOUT_ENGINE_SCHEDULER_H_
#define HONE_ROLLOUT_ENGINE_SCHEDULER_H_

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <vector>

#include "rollout/engine/kv_cache.h"
#include "rollout/engine/length_estimate.h"
#include "rollout/engine/request.h"
#include "rollout/engine/sequence.h"

namespace hone {

class Scheduler {
 public:
  // Rows of prompts, and of preempted samples, in one pass: so activations stay bounded, and
  // decoding is not held up long.
  static constexpr int64_t kPrefillRows = 2048;

  // `cache` is not owned and outlives this.
  Scheduler(int max_sequences, int64_t max_positions, KvCache* cache);

  // One sequence of the request, alone, must fit the cache.
  void Add(GenerateRequest request);

  // Before a pass: takes the blocks that it needs, preempting if it must; resumes preempted samples
  // and admits prompts.
  void Schedule();

  // Starts samples of prompts that are ready(); each needs a first token from the prompt's logits.
  std::vector<ActiveSequence*> Fork();

  // Takes out samples that are done, and appends requests all of whose samples are.
  void Retire(std::vector<FinishedRequest>* finished);

  std::list<ActivePrompt>& prompts() { return prompts_; }
  std::list<ActiveSequence>& running() { return running_; }

  int num_sequences() const { return num_sequences_; }  // waiting, preempted and running samples
  int num_running() const { return static_cast<int>(running_.size()); }
  int64_t num_preemptions() const { return num_preemptions_; }

 private:
  struct Waiting {
    GenerateRequest request;
    uint64_t length_key;
    double expected_tokens;
  };

  void MakeRoom();
  void Resume();
  void AdmitPrompts();
  void UpdateMean();

  // Tokens that a completion is planned to have, of which `sampled` are there.
  int64_t PlannedTokens(const ActivePrompt& prompt, int64_t sampled) const;
  // Blocks that a new sample is planned to take: all but the prompt's full ones.
  int64_t PlannedBlocks(const ActivePrompt& prompt) const;
  // Free blocks beyond what running samples are planned to take; negative where plans were too low.
  int64_t Spare() const;
  // Makes blocks free by giving up a prompt's, other than `keep`'s. False when there are none.
  bool ReclaimPrompt(const ActivePrompt* keep);
  void DropPrompt(ActivePrompt* prompt);
  void PreemptLast();

  const int max_sequences_;
  const int64_t max_positions_;
  KvCache& cache_;
  LengthEstimate lengths_;
  std::optional<double> mean_tokens_;    // of a completion
  std::deque<Waiting> waiting_;          // longest expected first
  std::list<ActivePrompt> prompts_;      // lists, for stable addresses
  std::list<ActiveSequence> running_;    // by ticket
  std::list<ActiveSequence> preempted_;  // by ticket; they have no blocks
  int64_t next_ticket_ = 0;
  int num_sequences_ = 0;
  int64_t num_preemptions_ = 0;
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_SCHEDULER_H_
