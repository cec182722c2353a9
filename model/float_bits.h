// Tensor data in files (F32, BF16, F16) to and from fp32.
#ifndef HONE_MODEL_FLOAT_BITS_H_
#define HONE_MODEL_FLOAT_BITS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/safetensors.h"

namespace hone {

// F32, BF16 or F16: the types that weights may have.
bool IsWeightType(DType dtype);

// Exact. `bytes` holds out.size() numbers of the type, little endian and at any alignment.
void ToFloats(DType dtype, absl::string_view bytes, absl::Span<float> out);

// The nearest numbers of the type, ties to even. What lies beyond float16's range becomes infinite.
std::string FromFloats(DType dtype, absl::Span<const float> values);

// True when FromFloats() and ToFloats() give back every bit.
bool IsExactAs(DType dtype, absl::Span<const float> values);

}  // namespace hone

#endif  // HONE_MODEL_FLOAT_BITS_H_
