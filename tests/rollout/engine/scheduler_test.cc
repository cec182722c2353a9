// The scheduler without a model: a pass is pretended, and how long a sample becomes is a pure
// function of its name.
#include "rollout/engine/scheduler.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "base/philox.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

struct SomeLogits : KeptLogits {};

constexpr int64_t kContext = 400;

GenerateRequest Request(uint64_t id, int prompt_tokens, int num_samples, int max_tokens) {
  GenerateRequest request;
  request.prompt_id = id;
  request.prompt_tokens.assign(prompt_tokens, static_cast<int32_t>(id));
  request.num_samples = num_samples;
  request.sampling.max_tokens = max_tokens;
  return request;
}

class Simulation {
 public:
  // `length` of a completion; at most its request's max_tokens.
  using Length = std::function<int64_t(uint64_t prompt_id, int sample)>;

  Simulation(int max_sequences, int64_t num_blocks, Length length)
      : cache_(num_blocks, [](int32_t, int32_t) {}),
        scheduler_(max_sequences, kContext, &cache_),
        max_sequences_(max_sequences),
        length_(std::move(length)) {}

  Scheduler& scheduler() { return scheduler_; }
  KvCache& cache() { return cache_; }
  const std::vector<FinishedRequest>& finished() const { return finished_; }
  // Prompt ids in the order in which their first samples were started.
  const std::vector<uint64_t>& started() const { return started_; }

  void Step() {
    scheduler_.Schedule();
    CheckBlocks();
    int64_t passed = 0;
    for (ActivePrompt& prompt : scheduler_.prompts()) {
      if (!prompt.wants_prefill() || prompt.text.blocks.empty()) continue;
      passed += prompt.text.pending();
      prompt.text.cached = prompt.text.size();
      prompt.logits = std::make_unique<SomeLogits>();
    }
    for (ActiveSequence& sequence : scheduler_.running()) {
      passed += sequence.text.pending();
      sequence.text.cached = sequence.text.size();
      Sample(&sequence);
    }
    scheduler_.Retire(&finished_);
    while (true) {
      const std::vector<ActiveSequence*> forked = scheduler_.Fork();
      if (forked.empty()) break;
      for (ActiveSequence* sequence : forked) {
        EXPECT_NE(sequence->prompt->logits, nullptr);
        if (sequence->completion.sample_index == 0) {
          started_.push_back(sequence->prompt->request.prompt_id);
        }
        Sample(sequence);
        ++passed;
      }
      scheduler_.Retire(&finished_);
    }
    EXPECT_LE(scheduler_.num_running(), max_sequences_);
    EXPECT_TRUE(passed > 0 || ++idle_steps_ < 3) << "nothing moves";
    if (passed > 0) idle_steps_ = 0;
  }

  void Drain() {
    for (int step = 0; scheduler_.num_sequences() > 0; ++step) {
      ASSERT_LT(step, 100000);
      Step();
      if (testing::Test::HasFailure()) return;
    }
    EXPECT_EQ(cache_.num_free(), cache_.num_blocks());
    EXPECT_TRUE(scheduler_.prompts().empty());
  }

 private:
  void Sample(ActiveSequence* sequence) {
    sequence->text.tokens.push_back(7);
    sequence->completion.logprobs.push_back(0);
    const int64_t wanted =
        length_(sequence->prompt->request.prompt_id, sequence->completion.sample_index);
    sequence->done =
        sequence->num_sampled() >= std::min<int64_t>(wanted, sequence->prompt->max_tokens);
  }

  // Every sequence can write all that is pending, into a place that nobody shares; and no block is
  // lost or in two lists.
  void CheckBlocks() {
    std::map<int32_t, int> writers;
    std::set<int32_t> used;
    const auto look = [&](const CachedTokens& text, bool writes) {
      used.insert(text.blocks.begin(), text.blocks.end());
      if (!writes) return;
      ASSERT_GE(static_cast<int64_t>(text.blocks.size()), BlocksFor(text.size()));
      ASSERT_EQ(cache_.BlocksToWrite(text, text.pending()), 0);
      for (int64_t b = text.cached / 16; b < BlocksFor(text.size()); ++b) ++writers[text.blocks[b]];
    };
    for (const ActivePrompt& prompt : scheduler_.prompts()) {
      look(prompt.text, prompt.wants_prefill() && !prompt.text.blocks.empty());
    }
    for (const ActiveSequence& sequence : scheduler_.running()) look(sequence.text, true);
    for (const auto& [block, count] : writers) ASSERT_EQ(count, 1);
    ASSERT_EQ(static_cast<int64_t>(used.size()), cache_.num_blocks() - cache_.num_free());
  }

  KvCache cache_;
  Scheduler scheduler_;
  int max_sequences_;
  Length length_;
  int idle_steps_ = 0;
  std::vector<FinishedRequest> finished_;
  std::vector<uint64_t> started_;
};

// Random work for random caches, some hardly larger than one sequence: all is done, with the
// lengths that it must have, and no block is lost.
TEST(SchedulerTest, EverythingGetsDoneHoweverSmallTheCache) {
  int64_t preemptions = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed, 0);
    const auto length = [seed](uint64_t prompt_id, int sample) {
      return static_cast<int64_t>(1 + Philox(seed, prompt_id, sample)[0] % 100);
    };
    const int num_requests = 1 + static_cast<int>(random.Below(20));
    int64_t longest = 0;
    std::vector<GenerateRequest> requests;
    for (int i = 0; i < num_requests; ++i) {
      requests.push_back(Request(i, 1 + static_cast<int>(random.Below(70)),
                                 1 + static_cast<int>(random.Below(6)),
                                 1 + static_cast<int>(random.Below(100))));
      longest = std::max<int64_t>(
          longest, std::ssize(requests.back().prompt_tokens) + requests.back().sampling.max_tokens);
    }
    const int64_t num_blocks = BlocksFor(longest) + static_cast<int64_t>(random.Below(30));
    Simulation simulation(1 + static_cast<int>(random.Below(20)), num_blocks, length);
    for (const GenerateRequest& request : requests) {
      simulation.scheduler().Add(request);
      if (random.Below(2) == 0) simulation.Step();
    }
    simulation.Drain();
    ASSERT_FALSE(HasFailure());
    ASSERT_EQ(simulation.finished().size(), requests.size());
    for (const FinishedRequest& request : simulation.finished()) {
      const GenerateRequest& asked = requests[request.prompt_id];
      ASSERT_EQ(static_cast<int>(request.completions.size()), asked.num_samples);
      for (const Completion& completion : request.completions) {
        ASSERT_EQ(std::ssize(completion.tokens),
                  std::min<int64_t>(length(request.prompt_id, completion.sample_index),
                                    asked.sampling.max_tokens));
        ASSERT_EQ(completion.tokens.size(), completion.logprobs.size());
      }
    }
    preemptions += simulation.scheduler().num_preemptions();
  }
  EXPECT_GT(preemptions, 100) << "the cases should show preemption";
}

TEST(SchedulerTest, WithoutKnownLengthsNothingIsEverPreempted) {
  // Each may become 64 tokens long with its prompt, 4 blocks: two fit in 9.
  Simulation simulation(8, 9, [](uint64_t, int) { return 1000; });
  for (uint64_t id = 0; id < 6; ++id) simulation.scheduler().Add(Request(id, 16, 1, 48));
  int most = 0;
  while (simulation.finished().empty()) {
    simulation.Step();
    most = std::max(most, simulation.scheduler().num_running());
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_EQ(most, 2);
  simulation.Drain();
  EXPECT_EQ(simulation.scheduler().num_preemptions(), 0);
}

TEST(SchedulerTest, KnownLengthsLetMoreRunThanTheLongestCaseAllows) {
  // At most 23 blocks each; in fact 2.
  Simulation simulation(16, 46, [](uint64_t, int) { return 12; });
  simulation.scheduler().Add(Request(0, 16, 2, 350));
  simulation.Drain();
  for (uint64_t id = 1; id < 40; ++id) simulation.scheduler().Add(Request(id, 16, 1, 350));
  simulation.Step();
  EXPECT_GE(simulation.scheduler().num_running(), 10);
  simulation.Drain();
  EXPECT_EQ(simulation.scheduler().num_preemptions(), 0);
}

TEST(SchedulerTest, AFreePlaceIsTakenInTheSameStep) {
  const auto length = [](uint64_t prompt_id, int sample) {
    return static_cast<int64_t>(3 + Philox(1, prompt_id, sample)[0] % 20);
  };
  Simulation simulation(8, 1000, length);
  for (uint64_t id = 0; id < 60; ++id) {
    simulation.scheduler().Add(Request(id, 10, 1 + static_cast<int>(id % 3), 30));
  }
  simulation.Step();
  while (simulation.scheduler().num_sequences() > 12) {
    ASSERT_EQ(simulation.scheduler().num_running(), 8);
    simulation.Step();
  }
  simulation.Drain();
}

TEST(SchedulerTest, TheLongestExpectedStartsFirst) {
  const auto length = [](uint64_t prompt_id, int) { return static_cast<int64_t>(prompt_id); };
  Simulation simulation(1, 1000, length);
  for (const uint64_t id : {5, 20, 9}) simulation.scheduler().Add(Request(id, 10, 1, 100));
  simulation.Drain();
  EXPECT_EQ(simulation.started(), (std::vector<uint64_t>{5, 20, 9}));  // as they came
  for (const uint64_t id : {5, 9, 20}) simulation.scheduler().Add(Request(id, 10, 1, 100));
  simulation.scheduler().Add(Request(4, 10, 1, 15));  // unknown, but bounded
  simulation.Drain();
  EXPECT_EQ(simulation.started(), (std::vector<uint64_t>{5, 20, 9, 20, 4, 9, 5}));
}

TEST(SchedulerTest, TheLastOfAGroupTakesThePromptsOpenBlock) {
  Simulation simulation(8, 100, [](uint64_t, int) { return 5; });
  simulation.scheduler().Add(Request(1, 20, 4, 10));
  simulation.Step();  // the prompt, and the samples' first tokens
  EXPECT_EQ(simulation.scheduler().num_running(), 4);
  simulation.Step();
  // The full block once, the open one for each sample: three copies and the prompt's own.
  EXPECT_EQ(100 - simulation.cache().num_free(), 1 + 4);
}

}  // namespace
}  // namespace hone
