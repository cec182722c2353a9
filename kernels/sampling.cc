#include "kernels/sampling.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "absl/types/span.h"
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

int32_t DrawFromKept(const float* p, absl::Span<const int32_t> kept, double uniform) {
  double total = 0;
  for (const int32_t id : kept) total += p[id];
  int32_t token = kept.front();
  double cumulative = 0;
  for (const int32_t id : kept) {
    if (p[id] > 0) token = id;
    cumulative += p[id];
    if (cumulative > uniform * total) break;
  }
  return token;
}

int32_t DrawFromAll(const float* p, int64_t vocab, double uniform) {
  static thread_local std::vector<double> sums;  // of the chunks
  sums.assign((vocab + kDrawChunk - 1) / kDrawChunk, 0.0);
  double total = 0;
  for (size_t c = 0; c < sums.size(); ++c) {
    const int64_t begin = static_cast<int64_t>(c) * kDrawChunk;
    for (int64_t j = begin; j < std::min(begin + kDrawChunk, vocab); ++j) sums[c] += p[j];
    total += sums[c];
  }
  const double wanted = uniform * total;
  size_t chunk = 0;
  double cumulative = 0;
  while (cumulative + sums[chunk] <= wanted) cumulative += sums[chunk++];
  const int64_t begin = static_cast<int64_t>(chunk) * kDrawChunk;
  int32_t token = 0;
  for (int64_t j = begin; j < std::min(begin + kDrawChunk, vocab); ++j) {
    if (p[j] > 0) token = static_cast<int32_t>(j);
    cumulative += p[j];
    if (cumulative > wanted) break;
  }
  return token;
}

}  // namespace

float LogitScale(float temperature) { return temperature > 0 ? 1.0f / temperature : 1.0f; }

double DrawUniform(const SampleKey& key) {
  const uint64_t draw = uint64_t{key.sample_index} << 32 | key.position;
  return Philox(key.seed, key.prompt_id, draw)[0] * 0x1p-32;
}

SampledToken SampleToken(const float* logits, int64_t vocab, const SampleOptions& options,
                         const SampleKey& key) {
  static thread_local std::vector<float> p;
  p.resize((vocab + 15) / 16 * 16);
  std::copy_n(logits, vocab, p.data());
  const float scale = LogitScale(options.temperature);
  float max, sum;
  HWY_DYNAMIC_DISPATCH(Softmax)(p.data(), vocab, scale, &max, &sum);
  const double uniform = DrawUniform(key);
  int32_t token = 0;
  if (options.temperature <= 0) {
    token = static_cast<int32_t>(std::max_element(logits, logits + vocab) - logits);
  } else if (options.top_k > 0 || options.top_p < 1.0f) {
    token = DrawFromKept(p.data(), Kept(p.data(), vocab, options), uniform);
  } else {
    token = DrawFromAll(p.data(), vocab, uniform);
  }
  return {token, (logits[token] * scale - max) - Log(sum)};
}

}  // namespace hone
#endif  // HWY_ONCE
