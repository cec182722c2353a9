#include "kernels/optimizer.h"

#include <algorithm>
#include <vector>

#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizer.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hone {
namespace HWY_NAMESPACE {

float SumOfSquaresBlock(const float* x, int64_t n) {
  V16 sum = Set16(0.0f);
  for (int64_t j = 0; j < n; j += 16) {
    const V16 v = Load16(x + j, n - j);
    sum = MulAdd(v, v, sum);
  }
  return SumOf16(sum);
}

// `correction1` and `correction2` are 1/(1−β^t).
void AdamWBlock(const AdamWStep& step, float correction1, float correction2, const float* gradient,
                int64_t n, float* w, float* m, float* v) {
  const V16 scale = Set16(step.gradient_scale), decay = Set16(step.lr * step.weight_decay);
  const V16 beta1 = Set16(step.beta1), rest1 = Set16(1.0f - step.beta1);
  const V16 beta2 = Set16(step.beta2), rest2 = Set16(1.0f - step.beta2);
  const V16 lr = Set16(step.lr * correction1), c2 = Set16(correction2), eps = Set16(step.eps);
  for (int64_t j = 0; j < n; j += 16) {
    const V16 g = Mul(Load16(gradient + j, n - j), scale);
    const V16 m1 = MulAdd(beta1, Load16(m + j, n - j), Mul(rest1, g));
    const V16 v1 = MulAdd(beta2, Load16(v + j, n - j), Mul(rest2, Mul(g, g)));
    const V16 update = Div(m1, Add(Sqrt(Mul(v1, c2)), eps));
    V16 weight = Load16(w + j, n - j);
    weight = NegMulAdd(decay, weight, weight);
    Store16(NegMulAdd(lr, update, weight), w + j, n - j);
    Store16(m1, m + j, n - j);
    Store16(v1, v + j, n - j);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace hone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hone {
namespace {

HWY_EXPORT(SumOfSquaresBlock);
HWY_EXPORT(AdamWBlock);

constexpr int64_t kBlock = 16384;

double Power(double x, int64_t n) {
  double result = 1;
  for (; n > 0; n /= 2, x *= x) {
    if (n % 2 == 1) result *= x;
  }
  return result;
}

}  // namespace

double SumOfSquares(const float* x, int64_t n) {
  std::vector<double> partial((n + kBlock - 1) / kBlock);
  ParallelForBlocks(n, kBlock, [&](int64_t begin, int64_t end) {
    partial[begin / kBlock] = HWY_DYNAMIC_DISPATCH(SumOfSquaresBlock)(x + begin, end - begin);
  });
  double sum = 0;
  for (const double p : partial) sum += p;
  return sum;
}

void AdamW(const AdamWStep& step, const float* gradient, int64_t n, float* w, float* m, float* v) {
  const float correction1 = static_cast<float>(1.0 / (1.0 - Power(step.beta1, step.step)));
  const float correction2 = static_cast<float>(1.0 / (1.0 - Power(step.beta2, step.step)));
  ParallelForBlocks(n, kBlock, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(AdamWBlock)
    (step, correction1, correction2, gradient + begin, end - begin, w + begin, m + begin,
     v + begin);
  });
}

}  // namespace hone
#endif  // HWY_ONCE
