#include "report/axis.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hone {
namespace {

// Room for rounding errors when a tick is compared with an end of the range.
constexpr double kSlack = 1e-9;

// Of the steps that come into question, the nearest in ratio.
double NiceStep(double range, int num_ticks) {
  const double rough = range / std::max(1, num_ticks);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double digit = rough / power;
  return power * (digit <= 1.42 ? 1 : digit <= 3.17 ? 2 : digit <= 7.08 ? 5 : 10);
}

std::string Label(double value, double step, Unit unit) {
  const std::string sign = value < 0 ? "\u2212" : "";
  const double magnitude = std::abs(value);
  const double scale = unit == Unit::kPercent ? 100 : 1;
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step * scale) - kSlack)));
  if (unit == Unit::kPercent) return absl::StrFormat("%s%.*f%%", sign, decimals, 100 * magnitude);
  if (magnitude >= 1e4 || decimals > 3) return FormatValue(value, unit);
  return absl::StrFormat("%s%.*f", sign, decimals, magnitude);
}

}  // namespace

Axis MakeAxis(double low, double high, int num_ticks, bool round_out, Unit unit) {
  if (!std::isfinite(low) || !std::isfinite(high)) low = 0, high = 1;
  if (low > high) std::swap(low, high);
  // Below this the ticks could not be told apart in double precision.
  const double least = std::max(std::abs(low), std::abs(high)) * 1e-6;
  if (high - low <= least) {
    const double margin = low == 0 ? 1 : std::abs(low) * 0.1;
    if (low >= 0 && low < margin)
      low = 0;
    else if (low != 0)
      low -= margin;
    high += margin;
  }
  const double step = NiceStep(high - low, num_ticks);
  Axis axis;
  axis.low = round_out ? std::floor(low / step + kSlack) * step : low;
  axis.high = round_out ? std::ceil(high / step - kSlack) * step : high;
  const double first = std::ceil(axis.low / step - kSlack);
  for (double i = first; i * step <= axis.high + step * kSlack; ++i) {
    const double tick = i == 0 ? 0 : i * step;
    axis.ticks.push_back(tick);
    axis.labels.push_back(Label(tick, step, unit));
  }
  return axis;
}

Axis MakeStepAxis(double low, double high, int num_ticks) {
  if (high <= low) high = low + 1;
  return MakeAxis(low, high, std::min<int>(num_ticks, static_cast<int>(std::max(1.0, high - low))),
                  /*round_out=*/false, Unit::kNumber);
}

}  // namespace hone
