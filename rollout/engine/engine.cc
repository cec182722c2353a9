#include "rollout/engine/engine.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/sampling.h"
#include "rollout/engine/decoder.h"
#include "rollout/engine/draft_policy.h"
#include "rollout/engine/kv_cache.h"
#include "rollout/engine/scheduler.h"

namespace hone {
namespace {

constexpr int64_t kDefaultCacheBytes = int64_t{4} << 30;

int64_t NumBlocks(const ModelConfig& config, const EngineOptions& options) {
  if (options.kv_cache_tokens > 0) return BlocksFor(options.kv_cache_tokens);
  // Enough for all, but no more than kDefaultCacheBytes unless one sequence alone needs it.
  const int64_t one = BlocksFor(config.max_position_embeddings);
  return std::max(one, std::min(options.max_sequences * (one + 1),
                                kDefaultCacheBytes / KvBlockBytes(config, options.decoder)));
}

// One more token by this version.
void CountVersion(uint64_t version, std::vector<VersionSpan>* versions) {
  if (versions->empty() || versions->back().version != version) versions->push_back({version, 0});
  ++versions->back().tokens;
}

// What is drawn for a sample from the logits of a pass.
struct Draw {
  ActiveSequence* sequence = nullptr;
  int64_t row = 0;                                           // of logits, its first
  const KeptLogits* kept = nullptr;                          // instead, for a first token
  std::array<int32_t, 1 + DraftPolicy::kMaxDraft> tokens{};  // its last one, then the guesses
  int num_guesses = 0;
  int num_drafts = 0;  // guesses that go through the model; each adds a row
  int num_right = 0;   // guesses that were drawn; at most one more than num_drafts
};

}  // namespace

struct Engine::State {
  State(const ModelConfig& model_config, const EngineOptions& engine_options)
      : config(model_config),
        options(engine_options),
        decoder(MakeDecoder(config, options.decoder, NumBlocks(config, options))),
        cache(NumBlocks(config, options),
              [this](int32_t from, int32_t to) { decoder->CopyBlock(from, to); }),
        scheduler(options.max_sequences, config.max_position_embeddings, &cache) {}

  // Runs the model over what is scheduled and samples where a sequence's last token went through.
  void Decode();
  // Starts samples; each draws its first token from its prompt's logits. False when there are none.
  bool ForkSamples();
  // Draws for all of `draws`.
  void Sample();
  // What Sample() asks for `ahead` tokens behind the draw's first.
  TokenDraw Ask(const Draw& draw, int ahead) const;
  void Append(const SampledToken& drawn, ActiveSequence* sequence) const;
  // Guesses for all of `draws`, which go through a pass with so many other rows, and decides how
  // many of the guessed tokens go along.
  void PlanDrafts(int64_t other_rows);
  void Guess(Draw* draw) const;

  ModelConfig config;
  EngineOptions options;
  std::unique_ptr<Decoder> decoder;
  KvCache cache;
  Scheduler scheduler;
  DraftPolicy policy;
  uint64_t version = 0;  // of the weights
  int64_t steps = 0;
  int64_t generated_tokens = 0;
  int64_t prefilled_tokens = 0;
  int stepped_sequences = 0;
  int64_t stepped_blocks = 0;
  int64_t drafted_tokens = 0;
  int64_t accepted_tokens = 0;

  // Of the pass in work; they only grow.
  std::vector<DecoderSpan> spans;
  std::vector<CachedTokens*> texts;  // of the first spans: prefills
  std::vector<ActivePrompt*> prompts;
  std::vector<ActiveSequence*> caught_up;
  std::vector<Draw> draws;
  std::vector<Draw*> open;
  std::vector<TokenDraw> asked;
  std::vector<SampledToken> drawn;
};

StatusOr<Speculation> ParseSpeculation(absl::string_view name) {
  if (name == "measured") return Speculation::kMeasured;
  if (name == "off") return Speculation::kOff;
  if (name == "always") return Speculation::kAlways;
  return absl::InvalidArgumentError(
      absl::StrCat("speculation \"", name, "\" must be measured, off or always"));
}

int64_t KvCacheBytes(const ModelConfig& config, const EngineOptions& options) {
  return NumBlocks(config, options) * KvBlockBytes(config, options.decoder);
}

Engine::Engine(const ModelConfig& config, const EngineOptions& options)
    : state_(std::make_unique<State>(config, options)) {}
Engine::~Engine() = default;

std::shared_ptr<const DecoderWeights> Engine::SetWeights(
    std::shared_ptr<const DecoderWeights> weights, uint64_t version) {
  state_->version = version;
  return state_->decoder->SetWeights(std::move(weights));
}

void Engine::SetWeights(const Weights& weights, uint64_t version) {
  state_->decoder->SetWeights(nullptr);  // not two of them in memory
  SetWeights(PackWeights(weights, state_->options.decoder), version);
}

bool Engine::idle() const { return state_->scheduler.num_sequences() == 0; }
int Engine::num_sequences() const { return state_->scheduler.num_sequences(); }
int64_t Engine::generated_tokens() const { return state_->generated_tokens; }

EngineStats Engine::stats() const {
  const State& s = *state_;
  EngineStats stats;
  stats.kv_blocks = s.cache.num_blocks();
  stats.kv_blocks_used = s.cache.num_blocks() - s.cache.num_free();
  stats.kv_cache_bytes = KvCacheBytes(s.config, s.options);
  stats.running_sequences = s.scheduler.num_running();
  stats.queued_sequences = s.scheduler.num_sequences() - s.scheduler.num_running();
  stats.steps = s.steps;
  stats.generated_tokens = s.generated_tokens;
  stats.prefilled_tokens = s.prefilled_tokens;
  stats.stepped_sequences = s.stepped_sequences;
  stats.stepped_blocks = s.stepped_blocks;
  stats.drafted_tokens = s.drafted_tokens;
  stats.accepted_tokens = s.accepted_tokens;
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
                      KvCacheBytes(state_->config, state_->options) >> 20,
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
  draws.clear();
  for (ActiveSequence* sequence : forked) {
    draws.push_back({.sequence = sequence, .kept = sequence->prompt->logits.get()});
  }
  Sample();
  return true;
}

void Engine::State::Sample() {
  open.clear();
  for (Draw& draw : draws) open.push_back(&draw);
  // The row behind a guess counts only when the guess is what was drawn.
  for (int ahead = 0; !open.empty(); ++ahead) {
    asked.clear();
    for (const Draw* draw : open) asked.push_back(Ask(*draw, ahead));
    drawn.resize(asked.size());
    decoder->Draw(asked, drawn.data());
    size_t still_open = 0;
    for (size_t i = 0; i < open.size(); ++i) {
      Draw& draw = *open[i];
      Append(drawn[i], draw.sequence);
      if (draw.sequence->done || ahead == draw.num_guesses ||
          drawn[i].token != draw.tokens[ahead + 1]) {
        continue;
      }
      ++draw.num_right;
      if (ahead < draw.num_drafts) open[still_open++] = &draw;
    }
    open.resize(still_open);
  }
  for (const Draw& draw : draws) {
    ActiveSequence& sequence = *draw.sequence;
    const int accepted = std::min(draw.num_right, draw.num_drafts);
    generated_tokens += accepted + 1;
    drafted_tokens += draw.num_drafts;
    accepted_tokens += accepted;
    // All but the last one drawn went through the model.
    sequence.text.cached = sequence.text.size() - 1;
    if (options.speculation == Speculation::kOff) continue;
    for (int j = 0; j < draw.num_right; ++j) policy.ObserveGuess(true);
    const int looked_at = std::min(draw.num_guesses, draw.num_drafts + 1);
    if (draw.num_right < looked_at && !sequence.done) policy.ObserveGuess(false);
    sequence.prompt->drafts.Learn(sequence.completion.sample_index, sequence.text.tokens);
  }
}

TokenDraw Engine::State::Ask(const Draw& draw, int ahead) const {
  const ActiveSequence& sequence = *draw.sequence;
  const GenerateRequest& request = sequence.prompt->request;
  const SamplingParams& sampling = request.sampling;
  return {.row = draw.row + ahead,
          .kept = draw.kept,
          .options = {sampling.temperature, sampling.top_p, sampling.top_k},
          .key = {sampling.seed, request.prompt_id,
                  static_cast<uint32_t>(sequence.completion.sample_index),
                  static_cast<uint32_t>(sequence.num_sampled())}};
}

void Engine::State::Append(const SampledToken& token, ActiveSequence* sequence) const {
  const ActivePrompt& prompt = *sequence->prompt;
  const bool first = sequence->num_sampled() == 0;
  sequence->text.tokens.push_back(token.token);
  sequence->completion.logprobs.push_back(token.logprob);
  CountVersion(first ? prompt.logits_version : version, &sequence->completion.versions);
  const auto& stops = prompt.request.sampling.stop_tokens;
  const bool stop =
      !options.ignore_stop && std::find(stops.begin(), stops.end(), token.token) != stops.end();
  if (stop) sequence->completion.finish_reason = FinishReason::kStop;
  sequence->done = stop || sequence->num_sampled() == prompt.max_tokens;
}

void Engine::State::Guess(Draw* draw) const {
  if (options.speculation == Speculation::kOff) return;
  const ActiveSequence& sequence = *draw->sequence;
  const int64_t rest = sequence.prompt->max_tokens - sequence.num_sampled() - 1;
  draw->num_guesses = sequence.prompt->drafts.Propose(
      sequence.text.tokens, static_cast<int>(std::min<int64_t>(rest, DraftPolicy::kMaxDraft)),
      draw->tokens.data() + 1);
}

void Engine::State::PlanDrafts(int64_t other_rows) {
  int64_t drafting = 0;
  for (Draw& draw : draws) {
    Guess(&draw);
    drafting += draw.num_guesses > 0 ? 1 : 0;
  }
  const int length = options.speculation == Speculation::kAlways
                         ? DraftPolicy::kMaxDraft
                         : policy.Length(other_rows + std::ssize(draws), drafting);
  if (length == 0) return;
  for (Draw& draw : draws) {
    CachedTokens& text = draw.sequence->text;
    draw.num_drafts = std::min(length, draw.num_guesses);
    // Memory that others may soon need is not spent on guesses.
    while (draw.num_drafts > 0 && cache.BlocksToWrite(text, 1 + draw.num_drafts) > 0 &&
           cache.num_free() <= 2 * scheduler.num_running()) {
      --draw.num_drafts;
    }
    cache.PrepareWrite(&text, 1 + draw.num_drafts);
  }
}

void Engine::State::Decode() {
  spans.clear();
  texts.clear();
  prompts.clear();
  caught_up.clear();
  draws.clear();
  int64_t rows = 0;  // of prompts and of what is computed again
  // False when more of the text is left for later passes.
  const auto add = [&](CachedTokens* text) {
    const int64_t pending = text->pending();
    const int64_t count = std::min(pending, Scheduler::kPrefillRows - rows);
    rows += count;
    const bool whole = count == pending;
    spans.push_back(
        {&text->tokens[text->cached], count, text->cached, &text->blocks, whole ? 1 : 0});
    texts.push_back(text);
    return whole;
  };
  for (ActivePrompt& prompt : scheduler.prompts()) {
    if (!prompt.wants_prefill() || prompt.text.blocks.empty()) continue;
    if (rows >= Scheduler::kPrefillRows) break;
    if (add(&prompt.text)) prompts.push_back(&prompt);
  }
  for (ActiveSequence& sequence : scheduler.running()) {
    if (sequence.text.pending() == 1) {
      draws.push_back({.sequence = &sequence});
    } else if (rows < Scheduler::kPrefillRows && add(&sequence.text)) {
      caught_up.push_back(&sequence);
    }
  }
  PlanDrafts(rows);
  int64_t row = std::ssize(prompts) + std::ssize(caught_up);  // of logits
  for (Draw& draw : draws) {
    const CachedTokens& text = draw.sequence->text;
    const int64_t count = 1 + draw.num_drafts;
    draw.tokens[0] = text.tokens.back();
    draw.row = row;
    row += count;
    spans.push_back({draw.tokens.data(), count, text.cached, &text.blocks, count});
  }
  stepped_sequences = scheduler.num_running();
  stepped_blocks = cache.num_blocks() - cache.num_free();
  if (spans.empty()) return;
  prefilled_tokens += rows;
  for (const Draw& draw : draws) rows += 1 + draw.num_drafts;
  const absl::Time begin = options.clock->Now();
  decoder->Forward(spans);
  policy.ObservePass(rows, absl::ToDoubleSeconds(options.clock->Now() - begin));
  for (size_t i = 0; i < texts.size(); ++i) texts[i]->cached += spans[i].count;
  for (size_t i = 0; i < prompts.size(); ++i) {
    prompts[i]->logits = decoder->Keep(static_cast<int64_t>(i));
    prompts[i]->logits_version = version;
  }
  row = std::ssize(prompts);
  for (ActiveSequence* sequence : caught_up) draws.push_back({.sequence = sequence, .row = row++});
  Sample();
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
