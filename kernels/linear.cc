#include "kernels/linear.h"

#include <algorithm>
#include <vector>

#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hone {
namespace HWY_NAMESPACE {

// Rows [begin, end) of x, n wide: bias and rounding in place.
void FinishRows(const float* bias, bool round, int64_t begin, int64_t end, int64_t n, float* x,
                int64_t stride) {
  for (int64_t i = begin; i < end; ++i) {
    float* row = x + i * stride;
    for (int64_t j = 0; j < n; j += 16) {
      V16 v = Load16(row + j, n - j);
      if (bias != nullptr) v = Add(v, Load16(bias + j, n - j));
      if (round) v = ToBFloat16(v);
      Store16(v, row + j, n - j);
    }
  }
}

// y = round(y + branch) for the elements [begin, end).
void AddBranch(const float* branch, bool round, int64_t begin, int64_t end, float* y) {
  for (int64_t j = begin; j < end; j += 16) {
    const V16 sum = Add(Load16(y + j, end - j), Load16(branch + j, end - j));
    Store16(round ? ToBFloat16(sum) : sum, y + j, end - j);
  }
}

void BiasColumns(const float* dy, int64_t rows, int64_t n, int64_t column, float* dbias) {
  V16 sum = Load16(dbias + column, n - column);
  for (int64_t i = 0; i < rows; ++i) sum = Add(sum, Load16(dy + i * n + column, n - column));
  Store16(sum, dbias + column, n - column);
}

}  // namespace HWY_NAMESPACE
}  // namespace hone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hone {
namespace {

HWY_EXPORT(FinishRows);
HWY_EXPORT(AddBranch);
HWY_EXPORT(BiasColumns);

constexpr int64_t kBlockFloats = 16384;  // of a task: several µs of work

void Finish(const float* bias, Precision precision, int64_t rows, int64_t n, float* x,
            int64_t stride) {
  const bool round = precision == Precision::kBFloat16;
  if (bias == nullptr && !round) return;
  ParallelForBlocks(rows, std::max<int64_t>(1, kBlockFloats / n), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(FinishRows)(bias, round, begin, end, n, x, stride);
  });
}

}  // namespace

void Linear(LeftMatrix x, int64_t rows, const PackedMatrix& b, const float* bias,
            Precision precision, float* y, int64_t y_stride) {
  MatMul(x, rows, b, y, y_stride, Accumulate::kStore);
  Finish(bias, precision, rows, b.n(), y, y_stride);
}

void LinearAdd(LeftMatrix x, int64_t rows, const PackedMatrix& b, const float* bias,
               Precision precision, float* y) {
  if (bias == nullptr && precision == Precision::kFloat32) {  // the same sum without the detour
    return MatMul(x, rows, b, y, b.n(), Accumulate::kAdd);
  }
  static thread_local std::vector<float> branch;
  const int64_t count = rows * b.n();
  if (static_cast<int64_t>(branch.size()) < count) branch.resize(count);
  float* const data = branch.data();
  Linear(x, rows, b, bias, precision, data, b.n());
  const bool round = precision == Precision::kBFloat16;
  ParallelForBlocks(count, kBlockFloats, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(AddBranch)(data, round, begin, end, y);
  });
}

void BiasGradient(const float* dy, int64_t rows, int64_t n, float* dbias) {
  ParallelFor((n + 15) / 16, [&](int64_t i) {
    HWY_DYNAMIC_DISPATCH(BiasColumns)(dy, rows, n, i * 16, dbias);
  });
}

}  // namespace hone
#endif  // HWY_ONCE
