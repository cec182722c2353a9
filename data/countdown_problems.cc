#include "data/countdown_problems.h"

#include <bit>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr int kMaxNumber = 100;
constexpr int kMaxTarget = 10000;
// Sets of numbers times the targets looked for. Four numbers of 1–40 with 100 targets fit.
constexpr int64_t kMaxSets = 200'000;
constexpr int64_t kMaxCandidates = 20'000'000;

// Not reduced: at most four numbers of 100 keep both parts far below 2^63.
struct Fraction {
  int64_t numerator;
  int64_t denominator;
};

void Combine(const Fraction& a, const Fraction& b, std::vector<Fraction>* out) {
  const int64_t ab = a.numerator * b.denominator;
  const int64_t ba = b.numerator * a.denominator;
  const int64_t denominator = a.denominator * b.denominator;
  out->push_back({ab + ba, denominator});
  out->push_back({ab - ba, denominator});
  out->push_back({ba - ab, denominator});
  out->push_back({a.numerator * b.numerator, denominator});
  if (ba != 0) out->push_back({ab, ba});
  if (ab != 0) out->push_back({ba, ab});
}

// The values that all numbers together reach, in `reached[value - min_target]`.
class Solver {
 public:
  Solver(int num_numbers, int min_target, int max_target)
      : min_target_(min_target),
        reached_(max_target - min_target + 1),
        values_(size_t{1} << num_numbers) {}

  const std::vector<bool>& Solve(const CountdownProblem& problem) {
    // values_[subset]: what the numbers of the subset (a bit mask) reach together.
    for (uint32_t subset = 1; subset < values_.size(); ++subset) {
      std::vector<Fraction>& values = values_[subset];
      values.clear();
      if (std::has_single_bit(subset)) {
        values.push_back({problem.numbers[std::countr_zero(subset)], 1});
        continue;
      }
      for (uint32_t left = (subset - 1) & subset; left > 0; left = (left - 1) & subset) {
        const uint32_t right = subset ^ left;
        if (left < right) continue;  // Combine() is symmetric
        for (const Fraction& a : values_[left]) {
          for (const Fraction& b : values_[right]) Combine(a, b, &values);
        }
      }
    }
    reached_.assign(reached_.size(), false);
    for (const Fraction& value : values_.back()) {
      if (value.numerator % value.denominator != 0) continue;
      const int64_t offset = value.numerator / value.denominator - min_target_;
      if (offset >= 0 && offset < static_cast<int64_t>(reached_.size())) reached_[offset] = true;
    }
    return reached_;
  }

 private:
  int min_target_;
  std::vector<bool> reached_;
  std::vector<std::vector<Fraction>> values_;
};

// The next ascending tuple; false after the last.
bool NextNumbers(int num_numbers, int max_number, CountdownProblem* problem) {
  int i = num_numbers - 1;
  while (i >= 0 && problem->numbers[i] == max_number) --i;
  if (i < 0) return false;
  const uint8_t value = problem->numbers[i] + 1;
  for (; i < num_numbers; ++i) problem->numbers[i] = value;
  return true;
}

Status CheckRange(const char* key, int value, int low, int high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("task countdown: ", key, " must be ", low, " to ", high, ", is ", value));
}

Status CheckSpec(const CountdownSpec& spec) {
  HONE_RETURN_IF_ERROR(CheckRange("num_numbers", spec.num_numbers, 2, kMaxCountdownNumbers));
  HONE_RETURN_IF_ERROR(CheckRange("max_number", spec.max_number, 1, kMaxNumber));
  HONE_RETURN_IF_ERROR(CheckRange("min_target", spec.min_target, 1, kMaxTarget));
  HONE_RETURN_IF_ERROR(CheckRange("max_target", spec.max_target, spec.min_target, kMaxTarget));
  int64_t sets = 1;  // multisets: (max_number + num_numbers - 1 choose num_numbers)
  for (int i = 0; i < spec.num_numbers; ++i) sets = sets * (spec.max_number + i) / (i + 1);
  const int64_t targets = spec.max_target - spec.min_target + 1;
  if (sets > kMaxSets || sets * targets > kMaxCandidates) {
    return absl::InvalidArgumentError(absl::StrCat(
        "task countdown: ", spec.num_numbers, " numbers of 1 to ", spec.max_number, " make ", sets,
        " sets with ", targets, " targets each; at most ", kMaxSets, " sets and ", kMaxCandidates,
        " pairs are enumerated: lower max_number or max_target"));
  }
  return absl::OkStatus();
}

}  // namespace

uint64_t CountdownProblem::Key() const {
  uint64_t key = static_cast<uint32_t>(target);
  for (const uint8_t number : numbers) key = key << 8 | number;
  return key;
}

StatusOr<std::vector<CountdownProblem>> SolvableCountdownProblems(const CountdownSpec& spec) {
  HONE_RETURN_IF_ERROR(CheckSpec(spec));
  Solver solver(spec.num_numbers, spec.min_target, spec.max_target);
  std::vector<CountdownProblem> problems;
  CountdownProblem problem;
  for (int i = 0; i < spec.num_numbers; ++i) problem.numbers[i] = 1;
  do {
    const std::vector<bool>& reached = solver.Solve(problem);
    for (int target = spec.min_target; target <= spec.max_target; ++target) {
      if (!reached[target - spec.min_target]) continue;
      problem.target = target;
      problems.push_back(problem);
    }
  } while (NextNumbers(spec.num_numbers, spec.max_number, &problem));
  return problems;
}

}  // namespace hone
