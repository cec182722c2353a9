#include "model/float_bits.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "kernels/precision.h"

namespace hone {
namespace {

float FromHalf(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16;
  const uint32_t exponent = half >> 10 & 0x1f;
  const uint32_t fraction = half & 0x3ff;
  if (exponent == 0) {  // zero and subnormals: fraction · 2^-24, exact in fp32
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const uint32_t wide = exponent == 0x1f ? 0xff : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

uint16_t ToHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) {  // NaN: its upper bits stay, and it stays one
    const uint32_t payload = magnitude >> 13 & 0x3ff;
    return static_cast<uint16_t>(sign | 0x7c00 | (payload != 0 ? payload : 0x200));
  }
  if (magnitude >= 0x38800000) {  // from 2^-14 on: cut 13 bits of the fraction
    const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    const uint32_t half = (rounded - (uint32_t{112} << 23)) >> 13;
    return static_cast<uint16_t>(sign | (half > 0x7c00 ? 0x7c00 : half));
  }
  // Subnormal in float16: adding 2^-24 · 2^23 makes the hardware round to a multiple of 2^-24.
  const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
  return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000));
}

uint16_t ToBrain(float value) {
  if (value != value) {  // NaN: its upper bits stay, and it stays one
    const uint32_t bits = std::bit_cast<uint32_t>(value) >> 16;
    return static_cast<uint16_t>((bits & 0x7f) != 0 ? bits : bits | 0x40);
  }
  return static_cast<uint16_t>(std::bit_cast<uint32_t>(RoundToBFloat16(value)) >> 16);
}

float FromBrain(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

// The bytes are not aligned in general, so each value is copied out.
template <typename Convert>
void ConvertAll(absl::string_view bytes, absl::Span<float> out, Convert convert) {
  for (size_t i = 0; i < out.size(); ++i) {
    uint16_t bits;
    std::memcpy(&bits, bytes.data() + i * sizeof(bits), sizeof(bits));
    out[i] = convert(bits);
  }
}

}  // namespace

bool IsWeightType(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kF16;
}

void ToFloats(DType dtype, absl::string_view bytes, absl::Span<float> out) {
  if (dtype == DType::kF32) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
  } else {
    ConvertAll(bytes, out, dtype == DType::kBF16 ? FromBrain : FromHalf);
  }
}

std::string FromFloats(DType dtype, absl::Span<const float> values) {
  if (dtype == DType::kF32) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
  }
  std::string bytes(values.size() * sizeof(uint16_t), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t bits = dtype == DType::kBF16 ? ToBrain(values[i]) : ToHalf(values[i]);
    std::memcpy(&bytes[i * sizeof(bits)], &bits, sizeof(bits));
  }
  return bytes;
}

bool IsExactAs(DType dtype, absl::Span<const float> values) {
  if (dtype == DType::kF32) return true;
  const bool brain = dtype == DType::kBF16;
  for (const float value : values) {
    const float back = brain ? FromBrain(ToBrain(value)) : FromHalf(ToHalf(value));
    if (std::bit_cast<uint32_t>(back) != std::bit_cast<uint32_t>(value)) return false;
  }
  return true;
}

}  // namespace hone
