// What `hone eval` says of a model, from judged samples.
#ifndef HONE_APP_STATISTICS_H_
#define HONE_APP_STATISTICS_H_

#include <cstdint>
#include <string>

#include "absl/types/span.h"

namespace hone {

// The chance that at least one of k samples is right, estimated without bias from n samples of
// which `correct` are: 1 − C(n−correct, k)/C(n, k) (Chen et al. 2021, arXiv 2107.03374).
// 1 ≤ k ≤ n.
double PassAtK(int n, int correct, int k);

// A sample's vote: its final answer, empty for none.
struct Vote {
  std::string answer;
  bool correct = false;
};

// Whether the most frequent answer is right; of equally frequent ones the first given counts. False
// when nobody voted.
bool MajorityIsCorrect(absl::Span<const Vote> votes);

struct Estimate {
  double value = 0;
  double low = 0, high = 0;  // the 95% interval
};

// The mean of one value for each problem, with the 95% percentile interval of a bootstrap over
// problems: 2000 resamples drawn from `seed`, so equal inputs give equal intervals. NaN without
// values.
Estimate MeanWithInterval(absl::Span<const double> values, uint64_t seed);

}  // namespace hone

#endif  // HONE_APP_STATISTICS_H_
