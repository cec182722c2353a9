#include "rollout/engine/scheduler.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hone {
namespace {

// Completions are planned to be this much longer than the mean.
constexpr double kPlanMargin = 1.25;
// Prompts are computed ahead while fewer samples than this wait to be forked: so many places can
// become free in one step and be taken in it. An eighth of all places, but some in any case.
int SamplesAhead(int max_sequences) { return std::max(4, max_sequences / 8); }

// Where a sequence with this ticket belongs.
std::list<ActiveSequence>::iterator PlaceOf(int64_t ticket, std::list<ActiveSequence>* list) {
  auto it = list->end();
  while (it != list->begin() && std::prev(it)->ticket > ticket) --it;
  return it;
}

}  // namespace

Scheduler::Scheduler(int max_sequences, int64_t max_positions, KvCache* cache)
    : max_sequences_(max_sequences), max_positions_(max_positions), cache_(*cache) {}

void Scheduler::Add(GenerateRequest request) {
  const uint64_t key = LengthEstimate::Key(request.prompt_tokens);
  const double longest = request.sampling.max_tokens;
  const double expected = std::min(longest, lengths_.OfPrompt(key).value_or(longest));
  auto place = waiting_.end();
  while (place != waiting_.begin() && std::prev(place)->expected_tokens < expected) --place;
  num_sequences_ += request.num_samples;
  waiting_.insert(place, {std::move(request), key, expected});
}

void Scheduler::Schedule() {
  UpdateMean();
  MakeRoom();
  Resume();
  AdmitPrompts();
}

void Scheduler::UpdateMean() {
  int64_t tokens = 0;
  for (const ActiveSequence& sequence : running_) tokens += sequence.num_sampled();
  for (const ActiveSequence& sequence : preempted_) tokens += sequence.num_sampled();
  mean_tokens_ = lengths_.Mean(tokens);
}

int64_t Scheduler::PlannedTokens(const ActivePrompt& prompt, int64_t sampled) const {
  const std::optional<double> of_prompt = lengths_.OfPrompt(prompt.length_key);
  const std::optional<double> expected = of_prompt.has_value() ? of_prompt : mean_tokens_;
  if (!expected.has_value()) return prompt.max_tokens;
  const double planned =
      std::max(kPlanMargin * *expected, static_cast<double>(sampled + kKvBlockTokens));
  return static_cast<int64_t>(std::min(planned, static_cast<double>(prompt.max_tokens)));
}

int64_t Scheduler::PlannedBlocks(const ActivePrompt& prompt) const {
  const int64_t size = prompt.text.size();
  return BlocksFor(size + PlannedTokens(prompt, 0)) - size / kKvBlockTokens;
}

int64_t Scheduler::Spare() const {
  int64_t spare = cache_.num_free();
  for (const ActiveSequence& sequence : running_) {
    const int64_t planned = BlocksFor(sequence.prompt->text.size() +
                                      PlannedTokens(*sequence.prompt, sequence.num_sampled()));
    spare -= std::max<int64_t>(0, planned - static_cast<int64_t>(sequence.text.blocks.size()));
  }
  return spare;
}

void Scheduler::DropPrompt(ActivePrompt* prompt) {
  cache_.Truncate(0, &prompt->text);
  prompt->logits.reset();
}

bool Scheduler::ReclaimPrompt(const ActivePrompt* keep) {
  // First those that only preempted samples may want, then those that wait longest for their turn.
  for (const bool forked : {true, false}) {
    for (auto prompt = prompts_.rbegin(); prompt != prompts_.rend(); ++prompt) {
      if (&*prompt == keep || (prompt->unforked() == 0) != forked) continue;
      if (cache_.NumOwned(prompt->text) == 0) continue;
      DropPrompt(&*prompt);
      return true;
    }
  }
  return false;
}

void Scheduler::PreemptLast() {
  ActiveSequence& last = running_.back();
  cache_.Truncate(0, &last.text);
  preempted_.splice(PlaceOf(last.ticket, &preempted_), running_, std::prev(running_.end()));
  ++num_preemptions_;
}

void Scheduler::MakeRoom() {
  for (auto it = running_.begin(); it != running_.end();) {
    ActiveSequence& sequence = *it;
    // Whoever computes old tokens again has the blocks for them.
    const int64_t count = sequence.text.pending();
    bool is_last = false;
    while (!is_last && cache_.num_free() < cache_.BlocksToWrite(sequence.text, count)) {
      if (ReclaimPrompt(nullptr)) continue;
      is_last = &running_.back() == &sequence;
      if (!is_last) PreemptLast();
    }
    if (is_last && running_.size() == 1) {
      // What it shares with its prompt becomes its own, and one sequence always fits.
      DropPrompt(sequence.prompt);
      is_last = false;
    }
    if (is_last) {
      PreemptLast();
      return;
    }
    cache_.PrepareWrite(&sequence.text, count);
    ++it;
  }
}

void Scheduler::Resume() {
  while (!preempted_.empty() && static_cast<int>(running_.size()) < max_sequences_) {
    ActiveSequence& sequence = preempted_.front();
    ActivePrompt& prompt = *sequence.prompt;
    const int64_t shared = prompt.text.cached / kKvBlockTokens;
    const int64_t planned = prompt.text.size() + PlannedTokens(prompt, sequence.num_sampled());
    if (Spare() < BlocksFor(planned) - shared) {
      if (!running_.empty()) return;
      // Nobody else works: it goes on with what it has now.
      while (cache_.num_free() < BlocksFor(sequence.text.size()) - shared) {
        if (ReclaimPrompt(&prompt)) continue;
        return DropPrompt(&prompt);  // and try again in the next step
      }
    }
    cache_.Share(prompt.text, shared, &sequence.text);
    cache_.PrepareWrite(&sequence.text, sequence.text.pending());
    running_.splice(PlaceOf(sequence.ticket, &running_), preempted_, preempted_.begin());
  }
}

void Scheduler::AdmitPrompts() {
  if (!preempted_.empty()) return;
  int64_t spare = Spare();
  int64_t rows = 0;
  int unforked = 0;
  const int places = max_sequences_ - static_cast<int>(running_.size());
  // Counts the prompt and what its samples are planned to take, as far as they get a place.
  const auto count = [&](const ActivePrompt& prompt) {
    if (prompt.wants_prefill()) rows += prompt.text.pending();
    spare -= PlannedBlocks(prompt) * std::clamp(places - unforked, 0, prompt.unforked());
    unforked += prompt.unforked();
  };
  // Takes the prompt's blocks if they and one sample fit; without anything else in work they do.
  bool idle = running_.empty();
  const auto take_blocks = [&](ActivePrompt* prompt) {
    const int64_t blocks = BlocksFor(prompt->text.size());
    const int64_t sample = unforked < places ? PlannedBlocks(*prompt) : 0;
    if (!idle && spare < blocks + sample) return false;
    cache_.PrepareWrite(&prompt->text, prompt->text.size());
    spare -= blocks;
    idle = false;
    return true;
  };
  for (const ActivePrompt& prompt : prompts_) {
    if (prompt.text.blocks.empty()) continue;
    idle = false;
    count(prompt);
  }
  for (ActivePrompt& prompt : prompts_) {
    if (!prompt.wants_prefill() || !prompt.text.blocks.empty()) continue;
    if (!take_blocks(&prompt))
      return;  // it was dropped, and its blocks are not to be had again yet
    count(prompt);
  }
  const int wanted = places + SamplesAhead(max_sequences_);
  while (!waiting_.empty() && rows < kPrefillRows && unforked < wanted) {
    Waiting& next = waiting_.front();
    ActivePrompt prompt;
    prompt.request = std::move(next.request);
    prompt.text.tokens = std::move(prompt.request.prompt_tokens);
    prompt.length_key = next.length_key;
    prompt.max_tokens =
        std::min<int64_t>(prompt.request.sampling.max_tokens, max_positions_ - prompt.text.size());
    if (!take_blocks(&prompt)) {
      prompt.request.prompt_tokens = std::move(prompt.text.tokens);
      next.request = std::move(prompt.request);
      return;
    }
    waiting_.pop_front();
    prompt.unfinished = prompt.request.num_samples;
    prompt.completions.resize(prompt.request.num_samples);
    prompts_.push_back(std::move(prompt));
    count(prompts_.back());
  }
}

std::vector<ActiveSequence*> Scheduler::Fork() {
  std::vector<ActiveSequence*> forked;
  if (!preempted_.empty()) return forked;
  UpdateMean();
  int64_t spare = Spare();
  for (ActivePrompt& prompt : prompts_) {
    while (prompt.ready() && static_cast<int>(running_.size()) < max_sequences_) {
      if (!running_.empty() && spare < PlannedBlocks(prompt)) return forked;
      spare -= PlannedBlocks(prompt);
      ActiveSequence sequence;
      sequence.prompt = &prompt;
      sequence.ticket = next_ticket_++;
      sequence.completion.sample_index = prompt.next_sample++;
      sequence.text.tokens = prompt.text.tokens;
      cache_.Share(prompt.text, static_cast<int64_t>(prompt.text.blocks.size()), &sequence.text);
      running_.push_back(std::move(sequence));
      forked.push_back(&running_.back());
    }
  }
  return forked;
}

void Scheduler::Retire(std::vector<FinishedRequest>* finished) {
  for (auto it = running_.begin(); it != running_.end();) {
    if (!it->done) {
      ++it;
      continue;
    }
    ActivePrompt& prompt = *it->prompt;
    lengths_.Observe(prompt.length_key, it->num_sampled());
    it->completion.tokens.assign(it->text.tokens.begin() + prompt.text.size(),
                                 it->text.tokens.end());
    cache_.Truncate(0, &it->text);
    prompt.completions[it->completion.sample_index] = std::move(it->completion);
    --prompt.unfinished;
    --num_sequences_;
    it = running_.erase(it);
  }
  for (auto it = prompts_.begin(); it != prompts_.end();) {
    if (it->unforked() == 0) {
      // Nobody forks from it any more. Its full blocks stay for samples that may be preempted; the
      // last one is left to the samples.
      cache_.Truncate(it->text.cached / kKvBlockTokens, &it->text);
      it->logits.reset();
    }
    if (it->unfinished > 0) {
      ++it;
      continue;
    }
    cache_.Truncate(0, &it->text);
    finished->push_back({it->request.prompt_id, std::move(it->completions)});
    it = prompts_.erase(it);
  }
}

}  // namespace hone
