// How much better a sample is than what was to be expected, for every sample of a step.
#ifndef HONE_TRAINER_ALGORITHM_ADVANTAGE_H_
#define HONE_TRAINER_ALGORITHM_ADVANTAGE_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "config/experiment.h"

namespace hone {

// One advantage for each sample, all arguments [samples]. `groups` names each sample's group by
// any number; a group's samples need not stand together. `lengths` are in tokens that carry loss.
// The formulas are in advantage_*.h; algorithm.advantage says which.
std::vector<double> Advantages(const AlgorithmSpec& algorithm, absl::Span<const double> rewards,
                               absl::Span<const int64_t> groups, absl::Span<const int64_t> lengths);

// Applies a formula for one group to the rewards of each; [samples] all.
std::vector<double> WithinGroups(
    absl::Span<const double> rewards, absl::Span<const int64_t> groups,
    absl::FunctionRef<std::vector<double>(absl::Span<const double> rewards)> formula);

double Mean(absl::Span<const double> rewards);

// Equal rewards are told as such: their mean need not be exact, and a rounding error over a tiny
// epsilon would be an advantage out of nothing. True of none and of one.
bool AllEqual(absl::Span<const double> rewards);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_ADVANTAGE_H_
