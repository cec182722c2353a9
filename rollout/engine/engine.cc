#include "rollout/engine/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/parallel.h"
#include "kernels/sampling.h"
#include "rollout/engine/decoder.h"
#include "rollout/engine/kv_cache.h"
#include "rollout/engine/scheduler.h"

namespace hone {
namespace {

constexpr int64_t kDefaultCacheBytes = int64_t{4} << 30;

int64_t NumBlocks(const ModelConfig& config, const EngineOptions& options) {
  if (options.kv_cache_tokens > 0) return BlocksFor(options.kv_cache_tokens);
  // Enough for all, but no more than kDefaultCacheBytes unless one sequence alone needs it.
  const AttentionShape shape{config.num_heads, config.num_kv_heads, config.head_dim};
  const int64_t block_bytes = config.num_layers * shape.block_floats() * int64_t{sizeof(float)};
  const int64_t one = BlocksFor(config.max_position_embeddings);
  return std::max(one,
                  std::min(options.max_sequences * (one + 1), kDefaultCacheBytes / block_bytes));
}

// One more token by this version.
void CountVersion(uint64_t version, std::vector<VersionSpan>* versions) {
  if (versions->empty() || versions->back().version != version) versions->push_back({version, 0});
  ++versions->back().tokens;
}

}  // namespace

struct Engine::State {
  State(const ModelConfig& model_config, const EngineOptions& engine_options)
      : config(model_config),
        options(engine_options),
        decoder(model_config, engine_options.precision),
        cache(decoder.attention_shape(), config.num_layers, NumBlocks(config, options)),
        scheduler(options.max_sequences, config.max_position_embeddings, &cache) {}

  // Runs the model over what is scheduled and samples where a sequence's last token went through.
  void Decode();
  // Starts samples; each draws its first token from its prompt's logits. False when there are none.
  bool ForkSamples();
  // Draws the next token of each sequence from its row of logits.
  void Sample(absl::Span<ActiveSequence* const> sequences, float* logits);

  ModelConfig config;
  EngineOptions options;
  Decoder decoder;
  KvCache cache;
  Scheduler scheduler;
  uint64_t version = 0;  // of the weights
  int64_t steps = 0;
  int64_t generated_tokens = 0;
  int64_t prefilled_tokens = 0;

  // Of the pass in work; they only grow.
  std::vector<DecoderSpan> spans;
  std::vector<CachedTokens*> texts;  // [spans]
  std::vector<ActivePrompt*> prompts;
  std::vector<ActiveSequence*> sequences;
  std::vector<float> first_logits;
};

Engine::Engine(const ModelConfig& config, const EngineOptions& options)
    : state_(std::make_unique<State>(config, options)) {}
Engine::~Engine() = default;

std::shared_ptr<const PackedWeights> Engine::SetWeights(
    std::shared_ptr<const PackedWeights> weights, uint64_t version) {
  state_->version = version;
  return state_->decoder.SetWeights(std::move(weights));
}

void Engine::SetWeights(const Weights& weights, uint64_t version) {
  state_->decoder.SetWeights(nullptr);  // not two of them in memory
  SetWeights(std::make_shared<PackedWeights>(weights), version);
}

bool Engine::idle() const { return state_->scheduler.num_sequences() == 0; }
int Engine::num_sequences() const { return state_->scheduler.num_sequences(); }
int64_t Engine::generated_tokens() const { return state_->generated_tokens; }

EngineStats Engine::stats() const {
  const State& s = *state_;
  EngineStats stats;
  stats.kv_blocks = s.cache.num_blocks();
  stats.kv_blocks_used = s.cache.num_blocks() - s.cache.num_free();
  stats.kv_cache_bytes = s.cache.num_blocks() * s.cache.block_bytes();
  stats.running_sequences = s.scheduler.num_running();
  stats.queued_sequences = s.scheduler.num_sequences() - s.scheduler.num_running();
  stats.steps = s.steps;
  stats.generated_tokens = s.generated_tokens;
  stats.prefilled_tokens = s.prefilled_tokens;
  stats.preemptions = s.scheduler.num_preemptions();
  return stats;
}

int64_t Engine::SequencesThatFit(int64_t tokens) const {
  const int64_t longest = std::min<int64_t>(tokens, state_->config.max_position_embeddings);
  return std::min<int64_t>(state_->options.max_sequences,
                           state_->cache.num_blocks() / BlocksFor(longest));
}

std::string Engine::DescribeCapacity(int64_t tokens) const {
  const KvCache& cache = state_->cache;
  const int64_t longest = std::min<int64_t>(tokens, state_->config.max_position_embeddings);
  return absl::StrCat("the KV cache holds ", cache.num_blocks() * kKvBlockTokens, " tokens in ",
                      cache.num_blocks(), " blocks (",
                      cache.num_blocks() * cache.block_bytes() >> 20,
                      " MiB): ", SequencesThatFit(tokens), " sequences of ", longest,
                      " tokens fit, of ", state_->options.max_sequences, " places");
}

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
  if (BlocksFor(longest) > state_->cache.num_blocks()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a prompt of ", size, " tokens and max_tokens ", request.sampling.max_tokens,
        " make a sequence of ", longest, " tokens, which does not fit the KV cache of ",
        state_->cache.num_blocks() * kKvBlockTokens,
        " tokens: raise kv_cache_tokens or lower max_tokens"));
  }
  state_->scheduler.Add(std::move(request));
  return absl::OkStatus();
}

bool Engine::State::ForkSamples() {
  const std::vector<ActiveSequence*> forked = scheduler.Fork();
  if (forked.empty()) return false;
  const int64_t stride = decoder.logits_stride();
  first_logits.resize(forked.size() * stride);
  for (size_t i = 0; i < forked.size(); ++i) {
    std::copy_n(forked[i]->prompt->logits.data(), config.vocab_size, &first_logits[i * stride]);
  }
  Sample(forked, first_logits.data());
  return true;
}

void Engine::State::Sample(absl::Span<ActiveSequence* const> sampled, float* logits) {
  const int64_t stride = decoder.logits_stride();
  ParallelForBlocks(static_cast<int64_t>(sampled.size()), 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      ActiveSequence& sequence = *sampled[i];
      const ActivePrompt& prompt = *sequence.prompt;
      const SamplingParams& sampling = prompt.request.sampling;
      const bool first_token = sequence.num_sampled() == 0;
      const SampledToken drawn =
          SampleToken(logits + i * stride, config.vocab_size,
                      {sampling.temperature, sampling.top_p, sampling.top_k},
                      {sampling.seed, prompt.request.prompt_id,
                       static_cast<uint32_t>(sequence.completion.sample_index),
                       static_cast<uint32_t>(sequence.num_sampled())});
      sequence.text.tokens.push_back(drawn.token);
      sequence.completion.logprobs.push_back(drawn.logprob);
      CountVersion(first_token ? prompt.logits_version : version, &sequence.completion.versions);
      const auto& stops = sampling.stop_tokens;
      const bool stop =
          !options.ignore_stop && std::find(stops.begin(), stops.end(), drawn.token) != stops.end();
      if (stop) sequence.completion.finish_reason = FinishReason::kStop;
      sequence.done = stop || sequence.num_sampled() == prompt.max_tokens;
    }
  });
  generated_tokens += static_cast<int64_t>(sampled.size());
}

void Engine::State::Decode() {
  spans.clear();
  texts.clear();
  prompts.clear();
  sequences.clear();
  int64_t rows = 0;  // of old tokens
  const auto add = [&](CachedTokens* text) {
    const int64_t pending = text->pending();
    const int64_t count = pending == 1 ? 1 : std::min(pending, Scheduler::kPrefillRows - rows);
    if (pending > 1) rows += count;
    spans.push_back(
        {&text->tokens[text->cached], count, text->cached, &text->blocks, count == pending});
    texts.push_back(text);
    return count == pending;
  };
  for (ActivePrompt& prompt : scheduler.prompts()) {
    if (!prompt.wants_prefill() || prompt.text.blocks.empty()) continue;
    if (rows >= Scheduler::kPrefillRows) break;
    if (add(&prompt.text)) prompts.push_back(&prompt);
  }
  for (ActiveSequence& sequence : scheduler.running()) {
    if (sequence.text.pending() > 1 && rows >= Scheduler::kPrefillRows) continue;
    if (add(&sequence.text)) sequences.push_back(&sequence);
  }
  if (spans.empty()) return;
  prefilled_tokens += rows;
  float* logits = decoder.Forward(spans, &cache);
  for (size_t i = 0; i < spans.size(); ++i) texts[i]->cached += spans[i].count;
  for (ActivePrompt* prompt : prompts) {
    prompt->logits.assign(logits, logits + config.vocab_size);
    prompt->logits_version = version;
    logits += decoder.logits_stride();
  }
  Sample(sequences, logits);
}

void Engine::Step(std::vector<FinishedRequest>* finished) {
  State& s = *state_;
  s.scheduler.Schedule();
  s.Decode();
  s.scheduler.Retire(finished);
  while (s.ForkSamples()) s.scheduler.Retire(finished);  // some are of length one
  ++s.steps;
}

}  // namespace hone
