// The records that rollout, reward and trainer exchange. Plain data: no torch, no RPC.
#ifndef HONE_DATA_RECORDS_H_
#define HONE_DATA_RECORDS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

// A problem as a task or a dataset gives it.
struct Problem {
  std::string prompt;  // text shown to the model, template applied
  std::string answer;  // what the verifier needs, e.g. a JSON object; never shown to the model
  // Whether the tokenizer puts its own around the prompt; false when a chat template has done so.
  bool add_special_tokens = true;
};

// A problem that was drawn for generation.
struct Prompt {
  // Unique in a run: names the draw, not the problem. Part of the sampling key.
  uint64_t id = 0;
  Problem problem;
  std::vector<int32_t> tokens;
};

enum class FinishReason { kStop, kLength };
absl::string_view Name(FinishReason reason);  // "stop", "length"
StatusOr<FinishReason> ParseFinishReason(absl::string_view name);

// Consecutive tokens that one policy version made.
struct VersionSpan {
  uint64_t version = 0;
  int64_t tokens = 0;

  friend bool operator==(const VersionSpan&, const VersionSpan&) = default;
};

struct Completion {
  int sample_index = 0;
  std::vector<int32_t> tokens;  // the stop token included, when there is one
  std::vector<float> logprobs;  // [tokens]; full softmax at the sampling temperature, natural log
  FinishReason finish_reason = FinishReason::kLength;
  // Which versions made the tokens: all of them, in order, ascending. Empty: the group's version.
  std::vector<VersionSpan> versions = {};
};

// How a sample was judged. kTimeout and kError are the verifier's failures and never train.
enum class Outcome { kCorrect, kIncorrect, kUnparseable, kTimeout, kError };
inline constexpr std::array kOutcomes = {Outcome::kCorrect, Outcome::kIncorrect,
                                         Outcome::kUnparseable, Outcome::kTimeout, Outcome::kError};
absl::string_view Name(Outcome outcome);  // "correct", "incorrect", …
StatusOr<Outcome> ParseOutcome(absl::string_view name);
inline bool IsVerifierFailure(Outcome outcome) {
  return outcome == Outcome::kTimeout || outcome == Outcome::kError;
}

struct Score {
  Outcome outcome = Outcome::kError;
  double reward = 0;               // weighted sum of the components
  std::vector<double> components;  // one for each reward term, before its weight
  std::string detail;              // what was extracted and compared, for people
};

// A prompt with its judged completions, ordered by sample index.
struct Group {
  Prompt prompt;
  // The weights of the lease. They made the completions, but for those that name their versions.
  uint64_t policy_version = 0;
  std::vector<Completion> completions;
  std::vector<Score> scores;  // [completions]

  // Of the weights that made a completion's first token; later ones are by these or newer ones.
  uint64_t oldest_version(const Completion& completion) const {
    return completion.versions.empty() ? policy_version : completion.versions.front().version;
  }
};

struct SamplingParams {
  float temperature = 1.0f;  // 0: greedy
  float top_p = 1.0f;        // 1: off
  int top_k = 0;             // 0: off
  int max_tokens = 256;      // of the completion, the end token included
  std::vector<int32_t> stop_tokens;
  uint64_t seed = 0;
};

}  // namespace hone

#endif  // HONE_DATA_RECORDS_H_
