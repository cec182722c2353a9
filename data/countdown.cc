#include "data/countdown.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "base/hash.h"
#include "base/philox.h"
#include "data/countdown_problems.h"
#include "data/r1_zero.h"

namespace hone {
namespace {

// How a demonstration searches and looks. Chosen with a small model by hand: see countdown.h.
// Its patience is drawn first: half give up after a few tries, the others after many. So what
// reinforcement has to find, going on, is there from the start, at every length up to the limit.
constexpr double kHasty = 0.5;
constexpr int kHastyTries = 3;
constexpr int kPatientTries = 15;
constexpr int64_t kLargestResult = 99;  // of a step: larger ones are seldom of use
constexpr absl::string_view kStepSeparator = ",";
constexpr absl::string_view kTargetMark = "~";  // before the target, after the result
constexpr absl::string_view kFailureMark = "x";
constexpr absl::string_view kSuccessMark = "!";
constexpr absl::string_view kTryEnd = "\n";

// Tags in a stream's top byte: training and demonstrations draw apart, and neither meets the
// streams of sampling, which are prompt ids.
constexpr uint64_t kTrainStream = uint64_t{0xC1} << 56;
constexpr uint64_t kDemonstrationStream = uint64_t{0xC2} << 56;
// Seed of everything about the held-out set; no run's seed has a part in it.
constexpr uint64_t kHeldoutSeed = 0x686f6c646f757421;

// A problem with its numbers in the order they are shown.
struct Instance {
  std::vector<int> numbers;
  int target;
};

Instance Permute(const CountdownProblem& problem, int num_numbers, Random* random) {
  Instance instance;
  instance.numbers.assign(problem.numbers.begin(), problem.numbers.begin() + num_numbers);
  instance.target = problem.target;
  random->Shuffle(&instance.numbers);
  return instance;
}

std::string PromptText(const Instance& instance, bool r1_zero) {
  if (!r1_zero) {
    return ShortPrompt(absl::StrCat(absl::StrJoin(instance.numbers, " "), " = ", instance.target));
  }
  return R1ZeroPrompt(absl::StrCat("Using the numbers ", absl::StrJoin(instance.numbers, ", "),
                                   ", create an equation that equals ", instance.target,
                                   ". You can use + - * / and each number exactly once."));
}

Problem MakeProblem(const Instance& instance, bool r1_zero) {
  return {.prompt = PromptText(instance, r1_zero),
          .answer = absl::StrCat("{\"numbers\":[", absl::StrJoin(instance.numbers, ","),
                                 "],\"target\":", instance.target, "}")};
}

// A number that a try has reached, and how.
struct Term {
  int64_t value;
  std::string expression;
};

struct Try {
  std::string steps;  // "3*5=15,15+8=23"
  Term result;
};

// Results stay non-negative integers, as in sums done by hand.
bool Apply(char op, int64_t a, int64_t b, int64_t* result) {
  switch (op) {
    case '+':
      *result = a + b;
      return true;
    case '-':
      *result = a - b;
      return a >= b;
    case '*':
      *result = a * b;
      return true;
    default:
      if (b == 0 || a % b != 0) return false;
      *result = a / b;
      return true;
  }
}

// An operand of an expression: in parentheses unless it is a plain number.
std::string Operand(const Term& term) {
  const bool is_number = term.expression.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? term.expression : absl::StrCat("(", term.expression, ")");
}

// Combines two random numbers by a random operation until one is left. An operation that is not
// possible is drawn again together with its operands; addition always is, so this ends.
Try RandomTry(absl::Span<const int> numbers, Random* random) {
  std::vector<Term> terms;
  for (const int number : numbers) terms.push_back({number, absl::StrCat(number)});
  // A sum of all the numbers must stay possible.
  const int64_t sum = std::accumulate(numbers.begin(), numbers.end(), int64_t{0});
  const int64_t largest = std::max(kLargestResult, sum);
  Try attempt;
  while (terms.size() > 1) {
    const size_t left = random->Below(terms.size());
    size_t right = random->Below(terms.size() - 1);
    if (right >= left) ++right;
    const char op = "+-*/"[random->Below(4)];
    const Term &a = terms[left], &b = terms[right];
    int64_t value;
    if (!Apply(op, a.value, b.value, &value) || value > largest) continue;
    const std::string op_text(1, op);
    absl::StrAppend(&attempt.steps, attempt.steps.empty() ? "" : kStepSeparator, a.value, op_text,
                    b.value, "=", value);
    terms[left] = {value, absl::StrCat(Operand(a), op_text, Operand(b))};
    terms.erase(terms.begin() + right);
  }
  attempt.result = std::move(terms.front());
  return attempt;
}

std::string DemonstrationText(const Instance& instance, Random* random) {
  const int most = random->Uniform() < kHasty ? kHastyTries : kPatientTries;
  const int patience = 1 + static_cast<int>(random->Below(most));
  std::string text;
  for (int tries = 1;; ++tries) {
    const Try attempt = RandomTry(instance.numbers, random);
    const bool success = attempt.result.value == instance.target;
    absl::StrAppend(&text, attempt.steps, kTargetMark, instance.target,
                    success ? kSuccessMark : kFailureMark, kTryEnd);
    if (success || tries == patience) {
      return R1ZeroCompletion(text, attempt.result.expression);
    }
  }
}

class Countdown : public Task {
 public:
  // `problems`: the first `num_heldout` are held out, the others train.
  Countdown(const CountdownSpec& spec, std::vector<CountdownProblem> problems)
      : num_numbers_(spec.num_numbers),
        r1_zero_(spec.prompt_template == "r1_zero"),
        training_(problems.begin() + spec.heldout, problems.end()) {
    for (int i = 0; i < spec.heldout; ++i) {
      Random random(kHeldoutSeed, problems[i].Key());
      heldout_.push_back(MakeProblem(Permute(problems[i], num_numbers_, &random), r1_zero_));
    }
  }

  StatusOr<Problem> TrainProblem(uint64_t seed, uint64_t index) const override {
    Random random(seed, kTrainStream | index);
    return MakeProblem(DrawTraining(&random), r1_zero_);
  }

  StatusOr<Demonstration> MakeDemonstration(uint64_t seed, uint64_t index) const override {
    Random random(seed, kDemonstrationStream | index);
    const Instance instance = DrawTraining(&random);
    return Demonstration{.prompt = PromptText(instance, r1_zero_),
                         .completion = DemonstrationText(instance, &random)};
  }

  int64_t num_heldout() const override { return static_cast<int64_t>(heldout_.size()); }
  StatusOr<Problem> HeldoutProblem(int64_t index) const override { return heldout_[index]; }

  VerifierSpec reward() const override { return {"countdown"}; }

  // The tags, and the numbers of two digits: a small model adds and compares whole numbers sooner
  // than digits, and a try takes a fifth fewer tokens.
  std::vector<std::string> added_tokens() const override {
    std::vector<std::string> tokens = R1ZeroTags();
    for (int64_t number = 10; number <= kLargestResult; ++number) {
      tokens.push_back(absl::StrCat(number));
    }
    return tokens;
  }

 private:
  Instance DrawTraining(Random* random) const {
    return Permute(training_[random->Below(training_.size())], num_numbers_, random);
  }

  int num_numbers_;
  bool r1_zero_;
  std::vector<CountdownProblem> training_;
  std::vector<Problem> heldout_;
};

}  // namespace

StatusOr<std::unique_ptr<Task>> MakeCountdown(const CountdownSpec& spec) {
  if (spec.prompt_template != "short" && spec.prompt_template != "r1_zero") {
    return absl::InvalidArgumentError(absl::StrCat("task countdown: unknown prompt_template \"",
                                                   spec.prompt_template,
                                                   "\"; one of: short, r1_zero"));
  }
  if (spec.heldout < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("task countdown: heldout must be 0 or more, is ", spec.heldout));
  }
  HONE_ASSIGN_OR_RETURN(std::vector<CountdownProblem> problems, SolvableCountdownProblems(spec));
  if (problems.size() <= static_cast<size_t>(spec.heldout)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "task countdown: heldout is ", spec.heldout, ", but there are only ", problems.size(),
        " solvable problems and at least one must be left to train on: lower heldout or widen the "
        "ranges of numbers and targets"));
  }
  // By a hash of the problem alone: the held-out set is the same in every run, and any first part
  // of it is an even sample too.
  std::vector<std::pair<uint64_t, CountdownProblem>> by_hash;
  by_hash.reserve(problems.size());
  for (const CountdownProblem& problem : problems) {
    by_hash.emplace_back(Mix64(problem.Key() ^ kHeldoutSeed), problem);
  }
  std::sort(by_hash.begin(), by_hash.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < problems.size(); ++i) problems[i] = by_hash[i].second;
  return std::make_unique<Countdown>(spec, std::move(problems));
}

}  // namespace hone
