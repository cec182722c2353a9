#include "kernels/token_head.h"

#include <algorithm>

#include "hwy/aligned_allocator.h"
#include "kernels/matmul.h"

namespace hone {
namespace {

int64_t RoundUp16(int64_t n) { return (n + 15) / 16 * 16; }

// Columns of a tile, a multiple of 16: so many that `per_column` floats for each stay in 16 MiB.
int64_t TileColumns(int64_t per_column) {
  return std::clamp<int64_t>((int64_t{1} << 22) / per_column, 256, 4096) / 16 * 16;
}

}  // namespace

void TokenHeadForward(const TokenHead& head, const float* normed, int64_t rows,
                      const int32_t* targets, const TokenPredictions& predictions) {
  if (rows == 0) return;
  const int64_t hidden = head.hidden, stride = RoundUp16(head.vocab);
  const int64_t logit_floats = std::clamp(rows * stride / 16, int64_t{1} << 20, int64_t{1} << 25);
  const int64_t chunk = std::min(rows, std::max<int64_t>(1, logit_floats / stride));
  const int64_t tile = TileColumns(hidden);
  const auto logits = hwy::AllocateAligned<float>(chunk * stride);
  PackedMatrix packed;
  for (int64_t begin = 0; begin < rows; begin += chunk) {
    const int64_t count = std::min(chunk, rows - begin);
    for (int64_t first = 0; first < head.vocab; first += tile) {
      packed.PackTransposed(head.head + first * hidden, std::min(tile, head.vocab - first), hidden,
                            head.precision);
      MatMul({normed + begin * hidden, hidden}, count, packed, logits.get() + first, stride,
             Accumulate::kStore);
    }
    LogProbRows(logits.get(), count, head.vocab, stride, head.scale, targets + begin,
                predictions.logprobs + begin, predictions.entropies + begin,
                predictions.softmax == nullptr ? nullptr : predictions.softmax + begin);
  }
}

void TokenHeadBackward(const TokenHead& head, const float* normed, int64_t rows,
                       const int32_t* targets, const TokenPredictions& predictions,
                       const float* dlogprobs, const float* dentropies, float* dnormed,
                       float* dhead) {
  if (rows == 0) return;
  const int64_t hidden = head.hidden;
  const int64_t tile = TileColumns(std::max(rows, hidden));
  const auto logits = hwy::AllocateAligned<float>(rows * std::min(tile, head.vocab));
  PackedMatrix packed;
  for (int64_t first = 0; first < head.vocab; first += tile) {
    const int64_t columns = std::min(tile, head.vocab - first);
    const float* part = head.head + first * hidden;
    packed.PackTransposed(part, columns, hidden, head.precision);
    MatMul({normed, hidden}, rows, packed, logits.get(), columns, Accumulate::kStore);
    LogProbTileBackward(logits.get(), rows, first, columns, head.scale, targets,
                        predictions.softmax, predictions.entropies, dlogprobs, dentropies);
    packed.Pack(part, columns, hidden, hidden);
    MatMul({logits.get(), columns}, rows, packed, dnormed, hidden,
           first == 0 ? Accumulate::kStore : Accumulate::kChain);
    MatMulWeightGradient(logits.get(), normed, rows, columns, hidden, dhead + first * hidden);
  }
}

}  // namespace hone
