#include "app/roofline.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "kernels/matmul.h"

namespace hone {
namespace {

constexpr double kSecondsEach = 0.05;

double Now() {
  using std::chrono::steady_clock;
  return std::chrono::duration<double>(steady_clock::now().time_since_epoch()).count();
}

double MeasureShape(const MatrixShape& shape, int64_t rows, Precision precision) {
  const std::vector<float> weights(shape.n * shape.k, 0.5f);
  const std::vector<float> x(rows * shape.k, 0.25f);
  PackedMatrix packed;
  packed.PackTransposed(weights.data(), shape.n, shape.k, precision);
  const int64_t stride = (shape.n + 15) / 16 * 16;
  std::vector<float> y(rows * stride);
  const double flops = 2.0 * static_cast<double>(rows * shape.n * shape.k);
  double best = 0;
  for (const double end = Now() + kSecondsEach; Now() < end;) {
    // Enough repetitions for the clock to be exact.
    const int repeats = static_cast<int>(std::max(1.0, 2e7 / flops));
    const double begin = Now();
    for (int i = 0; i < repeats; ++i) {
      MatMul({x.data(), shape.k}, rows, packed, y.data(), stride, Accumulate::kStore);
    }
    best = std::max(best, repeats * flops / (Now() - begin));
  }
  return best;
}

}  // namespace

std::vector<MatrixShape> BlockMatrices(const ModelConfig& config) {
  const int64_t hidden = config.hidden_size;
  return {{config.query_size() + 2 * config.kv_size(), hidden},
          {hidden, config.query_size()},
          {2 * config.intermediate_size, hidden},
          {hidden, config.intermediate_size}};
}

ForwardWork GenerationWork(int64_t groups, int64_t samples, int64_t prompt_tokens,
                           int64_t max_tokens) {
  const int64_t decoded = max_tokens - 1;  // the last token is never fed back
  ForwardWork work;
  work.tokens = groups * (prompt_tokens + samples * decoded);
  work.logit_rows = groups * (1 + samples * decoded);
  work.attended_keys = groups * (prompt_tokens * (prompt_tokens + 1) / 2 +
                                 samples * (decoded * prompt_tokens + decoded * (decoded + 1) / 2));
  return work;
}

double ForwardFlops(const ModelConfig& config, const ForwardWork& work) {
  double block = 0;
  for (const MatrixShape& shape : BlockMatrices(config)) {
    block += 2.0 * static_cast<double>(shape.n * shape.k);
  }
  const double head = 2.0 * config.vocab_size * config.hidden_size;
  const double attention = 4.0 * config.query_size();  // q·k and p·v
  return config.num_layers * (block * static_cast<double>(work.tokens) +
                              attention * static_cast<double>(work.attended_keys)) +
         head * static_cast<double>(work.logit_rows);
}

double MeasureMatMulFlops(const ModelConfig& config, int64_t rows, Precision precision) {
  std::vector<MatrixShape> shapes = BlockMatrices(config);
  shapes.push_back({config.vocab_size, config.hidden_size});
  double best = 0;
  for (const MatrixShape& shape : shapes) {
    for (const int64_t count : {rows, int64_t{64}, int64_t{1024}}) {
      best = std::max(best, MeasureShape(shape, count, precision));
    }
  }
  return best;
}

}  // namespace hone
