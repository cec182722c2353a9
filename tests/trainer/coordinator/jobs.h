// Jobs and completions for the coordinator's tests: prompts ask for 23 from 3, 5 and 8, and a token
// is a byte of text.
#ifndef HONE_TESTS_TRAINER_COORDINATOR_JOBS_H_
#define HONE_TESTS_TRAINER_COORDINATOR_JOBS_H_

#include <string>
#include <utility>
#include <vector>

#include "data/records.h"
#include "model/weights.h"
#include "trainer/coordinator/coordinator.h"
#include "trainer/coordinator/published_weights.h"

namespace hone {

inline constexpr int kVocabSize = 128;

inline Weights SmallWeights(uint64_t seed) {
  ModelInit init;
  init.hidden_size = 32;
  init.num_layers = 1;
  init.num_heads = 2;
  init.num_kv_heads = 1;
  init.head_dim = 16;
  init.intermediate_size = 32;
  return InitWeights(ConfigFromInit(init, kVocabSize, /*eos_token_id=*/0), 0.02, seed);
}

// A version that nobody fetches.
inline PublishedWeights SmallPublished(uint64_t version) {
  return {.version = version, .vocab_size = kVocabSize, .manifest = {}};
}

inline std::vector<int32_t> Tokens(const std::string& text) { return {text.begin(), text.end()}; }

inline GenerateJob MakeJob(uint64_t first_prompt_id, int num_prompts, int num_samples) {
  GenerateJob job;
  for (int i = 0; i < num_prompts; ++i) {
    Prompt prompt;
    prompt.id = first_prompt_id + i;
    prompt.problem = {.prompt = "Make 23. <think>", .answer = R"({"numbers":[3,5,8],"target":23})"};
    prompt.tokens = Tokens(prompt.problem.prompt);
    job.prompts.push_back(std::move(prompt));
  }
  job.num_samples = num_samples;
  job.sampling.max_tokens = 64;
  job.reward = {{{"countdown"}, 1.0}, {{"format"}, 0.5}};
  job.decode = [](absl::Span<const int32_t> tokens) {
    return std::string(tokens.begin(), tokens.end());
  };
  return job;
}

// Sample i is right when i is even.
inline std::vector<Completion> MakeCompletions(int num_samples) {
  std::vector<Completion> completions;
  for (int i = 0; i < num_samples; ++i) {
    const std::string expression = i % 2 == 0 ? "3*5+8" : "3*5-8";
    Completion completion;
    completion.sample_index = i;
    completion.tokens = Tokens("so</think> <answer>" + expression + "</answer>");
    completion.logprobs.assign(completion.tokens.size(), -0.5f);
    completion.finish_reason = FinishReason::kStop;
    completions.push_back(std::move(completion));
  }
  return completions;
}

}  // namespace hone

#endif  // HONE_TESTS_TRAINER_COORDINATOR_JOBS_H_
