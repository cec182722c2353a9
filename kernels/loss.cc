#include "kernels/loss.h"

#include <algorithm>

#include "kernels/parallel.h"
#include "kernels/scalar.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/loss.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hone {
namespace HWY_NAMESPACE {

void LogProbRow(float* logits, int64_t vocab, int64_t stride, float scale, int32_t target,
                float* logprob, float* entropy, RowSoftmax* row) {
  const float chosen = logits[target] * scale;
  const SoftmaxResult softmax = SoftmaxRow<true>(logits, vocab, stride, scale);
  const float log_sum = Log(softmax.sum);
  *logprob = (chosen - softmax.max) - log_sum;
  if (entropy != nullptr) *entropy = log_sum - softmax.weighted / softmax.sum;
  if (row != nullptr) *row = {softmax.max, softmax.sum};
}

// The row's columns [first, first + columns). log p_j = z_j − max − log(sum), where p_j may be 0.
void LogProbTileRowBackward(float* logits, int64_t first, int64_t columns, float scale,
                            int32_t target, const RowSoftmax& row, float entropy, float dlogprob,
                            const float* dentropy) {
  const V16 factor = Set16(scale), shift = Set16(row.max), inverse = Set16(1.0f / row.sum);
  const V16 slope = Set16(-dlogprob * scale);
  const V16 entropy_slope = Set16(dentropy == nullptr ? 0.0f : -*dentropy * scale);
  const V16 offset = Set16(entropy - Log(row.sum));
  for (int64_t j = 0; j < columns; j += 16) {
    const V16 z = Sub(Mul(Load16(logits + j, columns - j), factor), shift);
    const V16 p = Mul(Exp(z), inverse);
    V16 d = Mul(p, slope);
    if (dentropy != nullptr) d = MulAdd(Mul(p, entropy_slope), Add(z, offset), d);
    Store16(d, logits + j, columns - j);
  }
  if (target >= first && target < first + columns) logits[target - first] += dlogprob * scale;
}

}  // namespace HWY_NAMESPACE
}  // namespace hone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hone {
namespace {
HWY_EXPORT(LogProbRow);
HWY_EXPORT(LogProbTileRowBackward);

int64_t RowBlock(int64_t vocab) { return std::max<int64_t>(1, 8192 / vocab); }
}  // namespace

void LogProbRows(float* logits, int64_t rows, int64_t vocab, int64_t stride, float scale,
                 const int32_t* targets, float* logprobs, float* entropies, RowSoftmax* softmax) {
  ParallelForBlocks(rows, RowBlock(vocab), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      HWY_DYNAMIC_DISPATCH(LogProbRow)
      (logits + i * stride, vocab, stride, scale, targets[i], logprobs + i,
       entropies == nullptr ? nullptr : entropies + i, softmax == nullptr ? nullptr : softmax + i);
    }
  });
}

void LogProbTileBackward(float* logits, int64_t rows, int64_t first, int64_t columns, float scale,
                         const int32_t* targets, const RowSoftmax* softmax, const float* entropies,
                         const float* dlogprobs, const float* dentropies) {
  ParallelForBlocks(rows, RowBlock(columns), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      HWY_DYNAMIC_DISPATCH(LogProbTileRowBackward)
      (logits + i * columns, first, columns, scale, targets[i], softmax[i], entropies[i],
       dlogprobs[i], dentropies == nullptr ? nullptr : dentropies + i);
    }
  });
}

}  // namespace hone
#endif  // HWY_ONCE
