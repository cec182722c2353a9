// Parts of the flat buffer of a model's weights (model/weights.h).
#ifndef HONE_DATA_WEIGHTS_RANGE_H_
#define HONE_DATA_WEIGHTS_RANGE_H_

#include <cstdint>

#include "absl/types/span.h"

namespace hone {

// Floats [begin, begin + count).
struct WeightsRange {
  int64_t begin = 0;
  int64_t count = 0;

  friend bool operator==(const WeightsRange&, const WeightsRange&) = default;
};

// Floats [begin, begin + values.size()).
struct WeightsShard {
  int64_t begin = 0;
  absl::Span<const float> values;
};

}  // namespace hone

#endif  // HONE_DATA_WEIGHTS_RANGE_H_
