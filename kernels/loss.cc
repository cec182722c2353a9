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
                float* logprob, float* entropy) {
  const float chosen = logits[target] * scale;
  const SoftmaxResult softmax = SoftmaxRow<true>(logits, vocab, stride, scale);
  const float log_sum = Log(softmax.sum);
  *logprob = (chosen - softmax.max) - log_sum;
  if (entropy != nullptr) *entropy = log_sum - softmax.weighted / softmax.sum;
}

void LogProbRowBackward(float* logits, int64_t vocab, int64_t stride, float scale, int32_t target,
                        float dlogprob, const float* dentropy) {
  const SoftmaxResult softmax = SoftmaxRow<true>(logits, vocab, stride, scale);
  const V16 inverse = Set16(1.0f / softmax.sum);
  if (dentropy == nullptr) {
    const V16 factor = Set16(-dlogprob * scale);
    for (int64_t j = 0; j < stride; j += 16) {
      Store16(Mul(Mul(Load16(logits + j), inverse), factor), logits + j);
    }
  } else {
    // log p_j is log(e_j) − log(sum), where e_j may have become 0: then p_j·log p_j is 0 too.
    const float log_sum = Log(softmax.sum);
    const float entropy = log_sum - softmax.weighted / softmax.sum;
    for (int64_t j = 0; j < stride; ++j) {
      const float p = logits[j] / softmax.sum;
      const float log_p = logits[j] > 1e-37f ? Log(logits[j]) - log_sum : 0.0f;
      logits[j] = scale * (-dlogprob * p - *dentropy * p * (log_p + entropy));
    }
  }
  logits[target] += dlogprob * scale;
}

}  // namespace HWY_NAMESPACE
}  // namespace hone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hone {
namespace {
HWY_EXPORT(LogProbRow);
HWY_EXPORT(LogProbRowBackward);

int64_t RowBlock(int64_t vocab) { return std::max<int64_t>(1, 8192 / vocab); }
}  // namespace

void LogProbRows(float* logits, int64_t rows, int64_t vocab, int64_t stride, float scale,
                 const int32_t* targets, float* logprobs, float* entropies) {
  ParallelForBlocks(rows, RowBlock(vocab), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      HWY_DYNAMIC_DISPATCH(LogProbRow)
      (logits + i * stride, vocab, stride, scale, targets[i], logprobs + i,
       entropies == nullptr ? nullptr : entropies + i);
    }
  });
}

void LogProbRowsBackward(float* logits, int64_t rows, int64_t vocab, int64_t stride, float scale,
                         const int32_t* targets, const float* dlogprobs, const float* dentropies) {
  ParallelForBlocks(rows, RowBlock(vocab), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      HWY_DYNAMIC_DISPATCH(LogProbRowBackward)
      (logits + i * stride, vocab, stride, scale, targets[i], dlogprobs[i],
       dentropies == nullptr ? nullptr : dentropies + i);
    }
  });
}

}  // namespace hone
#endif  // HWY_ONCE
