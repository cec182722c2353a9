// A rule that judges one completion. Stateless; deterministic; bounded by a budget of steps, not by
// the clock, so that the verdict does not depend on the machine's speed. (The exception is code.h:
// a program is bounded by CPU time.)
// Thread safety: Judge may be called from several threads.
#ifndef HONE_REWARD_VERIFIER_H_
#define HONE_REWARD_VERIFIER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "config/experiment.h"
#include "data/records.h"

namespace hone {

struct Verdict {
  Outcome outcome = Outcome::kError;
  double reward = 0;   // before the term's weight; in [0, 1], of penalties in [-1, 0]
  std::string detail;  // what was extracted and compared
};

// What led to a verdict, for people: what was found, as what it was read, how it was compared.
using Explanation = std::vector<std::pair<std::string, std::string>>;  // a step, and what it gave

// What is known of a sample besides its texts.
struct TermContext {
  std::optional<Outcome> first;    // of the reward's first term; not for that term itself
  int64_t completion_tokens = -1;  // the stop token included; -1: not known
};

// A sample to judge; the arguments of Judge and their context.
struct JudgeItem {
  absl::string_view prompt, completion, answer;
  TermContext context;
};

class Verifier {
 public:
  virtual ~Verifier() = default;
  // `prompt` is the text the completion continues; `answer` is the problem's record.
  virtual Verdict Judge(absl::string_view prompt, absl::string_view completion,
                        absl::string_view answer) const = 0;
  // The same as a term of a reward; for the verifiers whose verdict depends on the context.
  virtual Verdict JudgeTerm(absl::string_view prompt, absl::string_view completion,
                            absl::string_view answer, const TermContext& /*context*/) const {
    return Judge(prompt, completion, answer);
  }
  // JudgeTerm of each item, in their order; for the verifiers that judge many at once for less.
  virtual std::vector<Verdict> JudgeAll(absl::Span<const JudgeItem> items) const {
    std::vector<Verdict> verdicts;
    verdicts.reserve(items.size());
    for (const JudgeItem& item : items) {
      verdicts.push_back(JudgeTerm(item.prompt, item.completion, item.answer, item.context));
    }
    return verdicts;
  }
  // The steps of the same judgement; by default its detail alone.
  virtual Explanation Explain(absl::string_view prompt, absl::string_view completion,
                              absl::string_view answer) const {
    return {{"compared", Judge(prompt, completion, answer).detail}};
  }
  // Whether a problem's record is one that completions can be judged by; an error says what is
  // wrong with it. By default none is wrong.
  virtual Status CheckAnswer(absl::string_view /*answer*/) const { return absl::OkStatus(); }
  // The completion's final answer in one form for all ways to write it, for a majority vote; empty
  // when there is none, as for a verifier that looks for no answer.
  virtual std::string Vote(absl::string_view /*completion*/) const { return ""; }
};

// InvalidArgument for an unknown name, with the nearest known one; FailedPrecondition where this
// machine lacks what the reward needs.
StatusOr<std::unique_ptr<Verifier>> MakeVerifier(const VerifierSpec& spec);

// How many items JudgeAll of such a verifier had best be given: more than one where each call
// costs.
int ItemsAtOnce(const VerifierSpec& spec);

// A weighted sum of verifiers, as the experiment's `reward:` list gives it. The first term decides
// the outcome; a time-out or error of any term makes the whole score one.
class RewardSum {
 public:
  static StatusOr<RewardSum> Make(absl::Span<const RewardSpec> terms);
  // `completion_tokens` as in TermContext.
  Score Judge(absl::string_view prompt, absl::string_view completion, absl::string_view answer,
              int64_t completion_tokens = -1) const;
  // The same of each item; their `context.first` is not read. `outcomes`, if any, gets those of
  // each term, [items][terms].
  std::vector<Score> JudgeAll(absl::Span<const JudgeItem> items,
                              std::vector<std::vector<Outcome>>* outcomes = nullptr) const;
  std::string Vote(absl::string_view completion) const;  // the first term's

 private:
  std::vector<RewardSpec> terms_;
  std::vector<std::unique_ptr<Verifier>> verifiers_;
};

}  // namespace hone

#endif  // HONE_REWARD_VERIFIER_H_
