// The range of an axis and the values marked on it.
#ifndef HONE_REPORT_AXIS_H_
#define HONE_REPORT_AXIS_H_

#include <string>
#include <vector>

#include "report/format.h"

namespace hone {

struct Axis {
  double low = 0;
  double high = 1;
  std::vector<double> ticks;        // ascending, within [low, high]
  std::vector<std::string> labels;  // [ticks]

  // Where `value` stands: 0 at low, 1 at high.
  double Fraction(double value) const { return (value - low) / (high - low); }
};

// An axis over [low, high] with about `num_ticks` ticks at multiples of 1, 2 or 5 times a power of
// ten. It is widened to whole ticks with `round_out`, else it ends where the data do. An empty or
// senseless range gives an axis around it.
Axis MakeAxis(double low, double high, int num_ticks, bool round_out, Unit unit);

// The same for steps: ticks are whole numbers.
Axis MakeStepAxis(double low, double high, int num_ticks);

}  // namespace hone

#endif  // HONE_REPORT_AXIS_H_
