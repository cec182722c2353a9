// What a fuzz target promises of every input, and how it takes an input apart.
#ifndef HONE_TESTS_FUZZ_INVARIANT_H_
#define HONE_TESTS_FUZZ_INVARIANT_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "reward/verifier.h"

namespace hone::fuzz {

// One judgement is bounded by some 20 ms of steps (reward/math.cc); sanitizers and coverage cost
// about ten times as much, and the rest is for slow machines.
inline constexpr double kMaxSeconds = 2;

// A broken promise ends the program, so that libFuzzer keeps the input.
inline void Promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

inline void PromiseWithin(absl::string_view view, absl::string_view text, const char* what) {
  Promise(view.data() >= text.data() && view.data() + view.size() <= text.data() + text.size(),
          what);
}

// What does not depend on the reward: the same verdict twice, and the reward that the outcome has.
inline Verdict JudgeTwice(const Verifier& verifier, absl::string_view prompt,
                          absl::string_view completion, absl::string_view answer) {
  const std::clock_t begin = std::clock();
  Verdict verdict = verifier.Judge(prompt, completion, answer);
  Promise(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC < kMaxSeconds,
          "a judgement is bounded");
  const Verdict again = verifier.Judge(prompt, completion, answer);
  Promise(verdict.outcome == again.outcome && verdict.reward == again.reward &&
              verdict.detail == again.detail,
          "the same texts get the same verdict");
  Promise(verdict.reward == (verdict.outcome == Outcome::kCorrect ? 1 : 0),
          "the reward is 1 for what is correct, else 0");
  Promise(verdict.outcome != Outcome::kTimeout, "nothing is judged by the clock");
  Promise(!verdict.detail.empty(), "a verdict says what it rests on");
  return verdict;
}

// Takes the text up to a zero byte off the input, or all of it.
inline absl::string_view TakePart(absl::string_view* input) {
  const size_t end = input->find('\0');
  const absl::string_view part = input->substr(0, end);
  input->remove_prefix(end == absl::string_view::npos ? input->size() : end + 1);
  return part;
}

// Takes a byte off the input, 0 from an empty one.
inline uint8_t TakeByte(absl::string_view* input) {
  if (input->empty()) return 0;
  const auto byte = static_cast<uint8_t>(input->front());
  input->remove_prefix(1);
  return byte;
}

}  // namespace hone::fuzz

#endif  // HONE_TESTS_FUZZ_INVARIANT_H_
