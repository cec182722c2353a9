// Scalar functions with the same bits everywhere: arithmetic only, no C library.
#ifndef HONE_KERNELS_SCALAR_H_
#define HONE_KERNELS_SCALAR_H_

#include <bit>
#include <cstdint>

namespace hone {

// Natural logarithm of a positive, normal float, to the last bit of a float but for rare ties.
// log(m·2^e) = e·ln2 + 2·atanh((m−1)/(m+1)) with m in [√½, √2], in double.
constexpr float Log(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  int exponent = static_cast<int>(bits >> 23) - 127;
  double m = std::bit_cast<float>((bits & 0x007fffffu) | 0x3f800000u);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double s2 = s * s;
  double series = 1.0 / 19;
  for (int k = 17; k >= 1; k -= 2) series = series * s2 + 1.0 / k;
  return static_cast<float>(exponent * 0.6931471805599453 + 2.0 * s * series);
}

}  // namespace hone

#endif  // HONE_KERNELS_SCALAR_H_
