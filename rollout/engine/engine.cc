#include "rollout/engine/engine.h"

#include <algorithm>
#include <deque>
#include <list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/parallel.h"
#include "kernels/sampling.h"
#include "rollout/engine/decoder.h"
#include "rollout/engine/kv_cache.h"

namespace hone {
namespace {

// Rows of prompts in one pass, so that activations stay bounded and decoding is not held up long.
constexpr int64_t kPrefillRows = 2048;

constexpr int64_t kDefaultCacheBytes = int64_t{4} << 30;

// A request in work. Its prompt goes through the model once; samples fork from it.
struct PromptState {
  GenerateRequest request;
  int64_t max_tokens = 0;       // of a completion, bounded by the context
  std::vector<int32_t> blocks;  // of the prompt
  int64_t prefilled = 0;        // prompt tokens in the cache
  std::vector<float> logits;    // after the prompt's last token, once prefilled
  int next_sample = 0;          // not yet forked
  int unfinished = 0;
  std::vector<Completion> completions;

  int64_t prompt_size() const { return static_cast<int64_t>(request.prompt_tokens.size()); }
  bool ready() const { return prefilled == prompt_size(); }
  // Blocks that a sample needs of its own: all but the prompt's full ones.
  int64_t sample_blocks() const {
    return BlocksFor(prompt_size() + max_tokens) - prompt_size() / kKvBlockTokens;
  }
};

// A sample that is being decoded.
struct Sequence {
  PromptState* prompt;
  Completion completion;
  std::vector<int32_t> blocks;
  int64_t reserved = 0;  // blocks promised and not yet allocated
  bool done = false;

  // Tokens in the cache: all but the last one sampled.
  int64_t cached() const {
    return prompt->prompt_size() + static_cast<int64_t>(completion.tokens.size()) - 1;
  }
};

}  // namespace

struct Engine::State {
  State(const ModelConfig& model_config, const EngineOptions& engine_options)
      : config(model_config),
        options(engine_options),
        decoder(model_config, engine_options.precision),
        cache(decoder.attention_shape(), config.num_layers, NumBlocks(config, options)) {}

  static int64_t NumBlocks(const ModelConfig& config, const EngineOptions& options) {
    if (options.kv_cache_tokens > 0) return BlocksFor(options.kv_cache_tokens);
    // Enough for all, but no more than kDefaultCacheBytes unless one sequence alone needs it.
    const AttentionShape shape{config.num_heads, config.num_kv_heads, config.head_dim};
    const int64_t block_bytes = config.num_layers * shape.block_floats() * int64_t{sizeof(float)};
    const int64_t one = 2 * BlocksFor(config.max_position_embeddings);
    const int64_t all = options.max_sequences * (BlocksFor(config.max_position_embeddings) + 1);
    return std::max(one, std::min(all, kDefaultCacheBytes / block_bytes));
  }

  // Starts waiting prompts while a prompt and at least one sample of it fit.
  void AdmitPrompts();
  // Forks samples of prompts that are ready; each draws its first token from the prompt's logits.
  void ForkSamples();
  // Draws the next token of `count` sequences from their rows of logits.
  void Sample(absl::Span<Sequence* const> sequences, float* logits);
  void Retire(std::vector<FinishedRequest>* finished);

  ModelConfig config;
  EngineOptions options;
  Decoder decoder;
  KvCache cache;
  std::deque<GenerateRequest> waiting;
  std::list<PromptState> prompts;  // admitted; a list, for stable addresses
  std::list<Sequence> running;
  int num_sequences = 0;
  int64_t generated_tokens = 0;
};

Engine::Engine(const ModelConfig& config, const EngineOptions& options)
    : state_(std::make_unique<State>(config, options)) {}
Engine::~Engine() = default;

void Engine::SetWeights(const Weights& weights) { state_->decoder.SetWeights(weights); }
bool Engine::idle() const { return state_->num_sequences == 0; }
int Engine::num_sequences() const { return state_->num_sequences; }
int64_t Engine::generated_tokens() const { return state_->generated_tokens; }

Status Engine::Add(GenerateRequest request) {
  const ModelConfig& config = state_->config;
  const int64_t size = static_cast<int64_t>(request.prompt_tokens.size());
  if (size == 0) return absl::InvalidArgumentError("the prompt has no tokens");
  if (request.num_samples < 1 || request.sampling.max_tokens < 1) {
    return absl::InvalidArgumentError("num_samples and max_tokens must be at least 1");
  }
  for (const int32_t token : request.prompt_tokens) {
    if (token < 0 || token >= config.vocab_size) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the prompt holds token ", token, ", the vocabulary ends at ", config.vocab_size - 1));
    }
  }
  if (size >= config.max_position_embeddings) {
    return absl::InvalidArgumentError(
        absl::StrCat("the prompt has ", size, " tokens and the model's context is ",
                     config.max_position_embeddings,
                     ": shorten it, or leave such problems out by max_prompt_tokens"));
  }
  const int64_t longest =
      std::min<int64_t>(size + request.sampling.max_tokens, config.max_position_embeddings);
  if (BlocksFor(size) + BlocksFor(longest) > state_->cache.num_blocks()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a sequence of ", longest, " tokens does not fit the KV cache of ",
        state_->cache.num_blocks() * kKvBlockTokens, " tokens; raise kv_cache_tokens"));
  }
  state_->num_sequences += request.num_samples;
  state_->waiting.push_back(std::move(request));
  return absl::OkStatus();
}

void Engine::State::AdmitPrompts() {
  int64_t rows = 0;
  for (const PromptState& p : prompts) rows += p.prompt_size() - p.prefilled;
  // Samples of admitted prompts that still wait for a place come first.
  int64_t sequences = static_cast<int64_t>(running.size());
  for (const PromptState& p : prompts) sequences += p.request.num_samples - p.next_sample;
  while (!waiting.empty() && sequences < options.max_sequences && rows < kPrefillRows) {
    PromptState prompt;
    prompt.request = std::move(waiting.front());
    prompt.max_tokens = std::min<int64_t>(prompt.request.sampling.max_tokens,
                                          config.max_position_embeddings - prompt.prompt_size());
    const int64_t blocks = BlocksFor(prompt.prompt_size());
    if (!cache.Reserve(blocks + prompt.sample_blocks())) {
      waiting.front() = std::move(prompt.request);
      return;
    }
    cache.Unreserve(prompt.sample_blocks());  // it was only to be sure that one sample fits
    waiting.pop_front();
    for (int64_t i = 0; i < blocks; ++i) prompt.blocks.push_back(cache.Allocate());
    prompt.unfinished = prompt.request.num_samples;
    prompt.completions.resize(prompt.request.num_samples);
    rows += prompt.prompt_size();
    sequences += prompt.request.num_samples;
    prompts.push_back(std::move(prompt));
  }
}

void Engine::State::ForkSamples() {
  std::vector<Sequence*> forked;
  for (PromptState& prompt : prompts) {
    if (!prompt.ready()) continue;
    while (prompt.next_sample < prompt.request.num_samples &&
           static_cast<int>(running.size()) < options.max_sequences) {
      if (!cache.Reserve(prompt.sample_blocks())) break;
      Sequence sequence;
      sequence.prompt = &prompt;
      sequence.completion.sample_index = prompt.next_sample++;
      sequence.reserved = prompt.sample_blocks();
      const int64_t full = prompt.prompt_size() / kKvBlockTokens;
      for (int64_t b = 0; b < full; ++b) {
        cache.AddReference(prompt.blocks[b]);
        sequence.blocks.push_back(prompt.blocks[b]);
      }
      if (prompt.prompt_size() % kKvBlockTokens != 0) {
        sequence.blocks.push_back(cache.Allocate());
        --sequence.reserved;
        cache.Copy(prompt.blocks.back(), sequence.blocks.back());
      }
      running.push_back(std::move(sequence));
      forked.push_back(&running.back());
    }
  }
  if (forked.empty()) return;
  const int64_t stride = decoder.logits_stride();
  std::vector<float> logits(forked.size() * stride);
  for (size_t i = 0; i < forked.size(); ++i) {
    std::copy_n(forked[i]->prompt->logits.data(), config.vocab_size, &logits[i * stride]);
  }
  Sample(forked, logits.data());
}

void Engine::State::Sample(absl::Span<Sequence* const> sequences, float* logits) {
  const int64_t stride = decoder.logits_stride();
  ParallelForBlocks(static_cast<int64_t>(sequences.size()), 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Sequence& sequence = *sequences[i];
      const PromptState& prompt = *sequence.prompt;
      const SamplingParams& sampling = prompt.request.sampling;
      Completion& completion = sequence.completion;
      const SampledToken sampled = SampleToken(
          logits + i * stride, config.vocab_size,
          {sampling.temperature, sampling.top_p, sampling.top_k},
          {sampling.seed, prompt.request.prompt_id, static_cast<uint32_t>(completion.sample_index),
           static_cast<uint32_t>(completion.tokens.size())});
      completion.tokens.push_back(sampled.token);
      completion.logprobs.push_back(sampled.logprob);
      const auto& stops = sampling.stop_tokens;
      const bool stop = !options.ignore_stop &&
                        std::find(stops.begin(), stops.end(), sampled.token) != stops.end();
      const bool full = static_cast<int64_t>(completion.tokens.size()) == prompt.max_tokens;
      if (stop) completion.finish_reason = FinishReason::kStop;
      sequence.done = stop || full;
    }
  });
  generated_tokens += static_cast<int64_t>(sequences.size());
}

void Engine::State::Retire(std::vector<FinishedRequest>* finished) {
  for (auto it = running.begin(); it != running.end();) {
    if (!it->done) {
      ++it;
      continue;
    }
    for (const int32_t block : it->blocks) cache.Release(block);
    cache.Unreserve(it->reserved);
    PromptState& prompt = *it->prompt;
    prompt.completions[it->completion.sample_index] = std::move(it->completion);
    --prompt.unfinished;
    --num_sequences;
    it = running.erase(it);
  }
  for (auto it = prompts.begin(); it != prompts.end();) {
    if (it->ready() && it->next_sample == it->request.num_samples) {
      // Nobody forks from it any more: its blocks live on only where samples share them.
      for (const int32_t block : it->blocks) cache.Release(block);
      it->blocks.clear();
    }
    if (it->unfinished > 0) {
      ++it;
      continue;
    }
    finished->push_back({it->request.prompt_id, std::move(it->completions)});
    it = prompts.erase(it);
  }
}

void Engine::Step(std::vector<FinishedRequest>* finished) {
  State& s = *state_;
  s.AdmitPrompts();

  std::vector<DecoderSpan> spans;
  std::vector<PromptState*> prefilling;
  std::vector<Sequence*> decoding;
  int64_t rows = 0;
  for (PromptState& prompt : s.prompts) {
    const int64_t rest = prompt.prompt_size() - prompt.prefilled;
    if (rest == 0 || rows >= kPrefillRows) continue;
    const int64_t count = std::min(rest, kPrefillRows - rows);
    spans.push_back({&prompt.request.prompt_tokens[prompt.prefilled], count, prompt.prefilled,
                     &prompt.blocks, count == rest});
    prefilling.push_back(&prompt);
    rows += count;
  }
  for (Sequence& sequence : s.running) {
    const int64_t position = sequence.cached();
    if (BlocksFor(position + 1) > static_cast<int64_t>(sequence.blocks.size())) {
      sequence.blocks.push_back(s.cache.Allocate());
      --sequence.reserved;
    }
    spans.push_back({&sequence.completion.tokens.back(), 1, position, &sequence.blocks, true});
    decoding.push_back(&sequence);
  }
  if (!spans.empty()) {
    float* logits = s.decoder.Forward(spans, &s.cache);
    const int64_t stride = s.decoder.logits_stride();
    for (size_t i = 0; i < prefilling.size(); ++i) {
      prefilling[i]->prefilled += spans[i].count;
      if (!spans[i].wants_logits) continue;
      prefilling[i]->logits.assign(logits, logits + s.config.vocab_size);
      logits += stride;
    }
    s.Sample(decoding, logits);
  }
  s.Retire(finished);
  s.ForkSamples();
  s.Retire(finished);  // of length one
}

}  // namespace hone
