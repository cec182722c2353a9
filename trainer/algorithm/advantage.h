// How much better a sample is than what was to be expected, for every sample of a step.
#ifndef HONE_TRAINER_ALGORITHM_ADVANTAGE_H_
#define HONE_TRAINER_ALGORITHM_ADVANTAGE_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "config/experiment.h"

namespace hone {

// One advantage for each sample, all arguments [samples]. `groups` names each sample's group by
// any number; a group's samples need not stand together. The formulas are in advantage_*.h.
std::vector<double> Advantages(const AlgorithmSpec& algorithm, absl::Span<const double> rewards,
                               absl::Span<const int64_t> groups);

// Equal rewards are told as such: their mean need not be exact, and a rounding error over a tiny
// epsilon would be an advantage out of nothing. True of none and of one.
bool AllEqual(absl::Span<const double> rewards);

}  // namespace hone

#endif  // HONE_TRAINER_ALGORITHM_ADVANTAGE_H_
