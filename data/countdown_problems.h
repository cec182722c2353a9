// The space of Countdown problems: reach a target from numbers, each used exactly once, with
// + - * / over the rationals.
#ifndef HONE_DATA_COUNTDOWN_PROBLEMS_H_
#define HONE_DATA_COUNTDOWN_PROBLEMS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "config/task_spec.h"

namespace hone {

inline constexpr int kMaxCountdownNumbers = 4;

// A multiset of numbers and a target: the same for all orders of the numbers, so a set of these
// that is kept out of training keeps out every permutation.
struct CountdownProblem {
  std::array<uint8_t, kMaxCountdownNumbers> numbers{};  // ascending, then zeros
  int32_t target = 0;

  // Unique for the problem; does not depend on the ranges it was found in.
  uint64_t Key() const;
};

// Every solvable problem of the ranges, by numbers then target. InvalidArgument for ranges that
// make no sense or whose enumeration would take more than seconds.
StatusOr<std::vector<CountdownProblem>> SolvableCountdownProblems(const CountdownSpec& spec);

}  // namespace hone

#endif  // HONE_DATA_COUNTDOWN_PROBLEMS_H_
