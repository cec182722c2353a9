// What the engine works on: prompts that were admitted, and the samples that fork from them.
#ifndef HONE_ROLLOUT_ENGINE_SEQUENCE_H_
#define HONE_ROLLOUT_ENGINE_SEQUENCE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "data/records.h"
#include "rollout/engine/decoder.h"
#include "rollout/engine/draft_index.h"
#include "rollout/engine/request.h"

namespace hone {

// Tokens whose keys and values are, or are to be, in the cache.
struct CachedTokens {
  std::vector<int32_t> tokens;
  std::vector<int32_t> blocks;  // enough for `cached`; may be shared with others
  int64_t cached = 0;           // so many of the first tokens are in `blocks`

  int64_t size() const { return static_cast<int64_t>(tokens.size()); }
  int64_t pending() const { return size() - cached; }
};

// A request in work. Its prompt goes through the model once; samples fork from it.
struct ActivePrompt {
  GenerateRequest request;  // its prompt_tokens are in `text`
  CachedTokens text;
  uint64_t length_key = 0;             // of the prompt, for LengthEstimate
  int64_t max_tokens = 0;              // of a completion, bounded by the context
  std::unique_ptr<KeptLogits> logits;  // after its last token, while samples may fork
  uint64_t logits_version = 0;
  DraftIndex drafts;    // over the samples' texts, by sample index
  int next_sample = 0;  // not yet forked
  int unfinished = 0;
  std::vector<Completion> completions;

  int unforked() const { return request.num_samples - next_sample; }
  // It may have no blocks, when it had to give them up.
  bool wants_prefill() const { return unforked() > 0 && text.pending() > 0; }
  bool ready() const { return unforked() > 0 && text.pending() == 0; }
};

// A sample in work.
struct ActiveSequence {
  ActivePrompt* prompt = nullptr;
  int64_t ticket = 0;     // in order of forking
  CachedTokens text;      // the prompt and what was sampled
  Completion completion;  // gets its tokens when it is done
  bool done = false;

  int64_t num_sampled() const { return text.size() - prompt->text.size(); }
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_SEQUENCE_H_
