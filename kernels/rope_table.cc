#include "kernels/rope_table.h"

#include <cmath>
#include <numbers>

namespace hone {
namespace {

float Scaled(float frequency, const Llama3Scaling& scaling) {
  const float factor = static_cast<float>(scaling.factor);
  const float low = static_cast<float>(scaling.low_freq_factor);
  const float range = static_cast<float>(scaling.high_freq_factor - scaling.low_freq_factor);
  const double context = static_cast<double>(scaling.original_max_positions);
  const float wavelength = 1.0f / frequency * static_cast<float>(2 * std::numbers::pi);
  if (wavelength > static_cast<float>(context / scaling.low_freq_factor)) {
    return frequency / factor;
  }
  if (wavelength < static_cast<float>(context / scaling.high_freq_factor)) return frequency;
  const float smooth = (1.0f / wavelength * static_cast<float>(context) - low) / range;
  return (1.0f - smooth) * frequency / factor + smooth * frequency;
}

}  // namespace

RopeTable::RopeTable(int head_dim, double theta, int64_t max_positions,
                     const std::optional<Llama3Scaling>& scaling, Precision precision)
    : half(head_dim / 2), cos(max_positions * half), sin(max_positions * half) {
  const bool round = precision == Precision::kBFloat16;
  for (int i = 0; i < half; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim);
    float frequency = 1.0f / static_cast<float>(std::pow(theta, double{exponent}));
    if (scaling) frequency = Scaled(frequency, *scaling);
    for (int64_t p = 0; p < max_positions; ++p) {
      const float angle = static_cast<float>(p) * frequency;
      const float c = static_cast<float>(std::cos(double{angle}));
      const float s = static_cast<float>(std::sin(double{angle}));
      cos[p * half + i] = round ? RoundToBFloat16(c) : c;
      sin[p * half + i] = round ? RoundToBFloat16(s) : s;
    }
  }
}

}  // namespace hone
