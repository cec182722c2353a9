#include "kernels/sampling.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/philox.h"
#include "kernels/scalar.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sampling.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hone {
namespace HWY_NAMESPACE {

void Softmax(float* x, int64_t n, float scale, float* max, float* sum) {
  const SoftmaxResult softmax = SoftmaxRow<false>(x, n, (n + 15) / 16 * 16, scale);
  *max = softmax.max;
  *sum = softmax.sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace hone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hone {
namespace {

HWY_EXPORT(Softmax);

// The kept tokens when top_k or top_p cut, most likely first (equals: smaller id first).
std::vector<int32_t> Kept(const float* p, int64_t vocab, const SampleOptions& options) {
  std::vector<int32_t> ids(vocab);
  std::iota(ids.begin(), ids.end(), 0);
  const auto before = [p](int32_t a, int32_t b) { return p[a] > p[b] || (p[a] == p[b] && a < b); };
  size_t keep = vocab;
  if (options.top_k > 0 && options.top_k < vocab) keep = options.top_k;
  std::partial_sort(ids.begin(), ids.begin() + keep, ids.end(), before);
  ids.resize(keep);
  if (options.top_p < 1.0f) {
    double total = 0;
    for (const int32_t id : ids) total += p[id];
    double sum = 0;
    size_t count = 0;
    while (count < ids.size() && sum < options.top_p * total) sum += p[ids[count++]];
    ids.resize(std::max<size_t>(count, 1));
  }
  return ids;
}

}  // namespace

float LogitScale(float temperature) { return temperature > 0 ? 1.0f / temperature : 1.0f; }

SampledToken SampleToken(float* logits, int64_t vocab, const SampleOptions& options,
                         const SampleKey& key) {
  const float scale = LogitScale(options.temperature);
  // The chosen token's logit is needed after the row is overwritten; keep the row only when the
  // choice is not known before.
  const auto result = [&](int32_t token, float logit, float max, float sum) {
    return SampledToken{token, (logit * scale - max) - Log(sum)};
  };
  float max, sum;
  if (options.temperature <= 0) {
    const int32_t best = static_cast<int32_t>(std::max_element(logits, logits + vocab) - logits);
    const float logit = logits[best];
    HWY_DYNAMIC_DISPATCH(Softmax)(logits, vocab, scale, &max, &sum);
    return result(best, logit, max, sum);
  }
  static thread_local std::vector<float> original;
  original.assign(logits, logits + vocab);
  HWY_DYNAMIC_DISPATCH(Softmax)(logits, vocab, scale, &max, &sum);

  const double uniform =
      Philox(key.seed, key.prompt_id, uint64_t{key.sample_index} << 32 | key.position)[0] * 0x1p-32;
  const float* p = logits;
  int32_t token = 0;
  if (options.top_k > 0 || options.top_p < 1.0f) {
    const std::vector<int32_t> kept = Kept(p, vocab, options);
    double total = 0;
    for (const int32_t id : kept) total += p[id];
    double cumulative = 0;
    token = kept.front();
    for (const int32_t id : kept) {
      if (p[id] > 0) token = id;
      cumulative += p[id];
      if (cumulative > uniform * total) break;
    }
  } else {
    double total = 0;
    for (int64_t j = 0; j < vocab; ++j) total += p[j];
    double cumulative = 0;
    for (int32_t j = 0; j < vocab; ++j) {
      if (p[j] > 0) token = j;
      cumulative += p[j];
      if (cumulative > uniform * total) break;
    }
  }
  return result(token, original[token], max, sum);
}

}  // namespace hone
#endif  // HWY_ONCE
