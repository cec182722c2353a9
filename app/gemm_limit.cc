#include "app/gemm_limit.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include "ATen/core/dispatch/Dispatcher.h"
#include "app/roofline.h"
#include "kernels/matmul.h"
#include "kernels/parallel.h"

namespace hone {
namespace {

constexpr int kRepeats = 5;

// Best of a few, after one to warm up.
template <typename Body>
double Seconds(Body body) {
  using std::chrono::steady_clock;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i <= kRepeats; ++i) {
    const auto begin = steady_clock::now();
    body();
    const double seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
    if (i > 0) best = std::min(best, seconds);
  }
  return best;
}

// x·wᵀ by oneDNN, w [n, k] reordered for it as torch.compile does to a frozen linear layer.
double OneDnnSeconds(const torch::Tensor& x, const torch::Tensor& w) {
  auto& dispatcher = c10::Dispatcher::singleton();
  static const auto reorder = dispatcher.findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                                  .typed<at::Tensor(const at::Tensor&, std::optional<int64_t>)>();
  static const auto linear =
      dispatcher.findSchemaOrThrow("mkldnn::_linear_pointwise", "")
          .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                            c10::string_view, c10::List<std::optional<at::Scalar>>,
                            std::optional<c10::string_view>)>();
  const torch::Tensor packed = reorder.call(w.contiguous(), x.size(0));
  return Seconds([&] {
    linear.call(x, packed, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), "");
  });
}

float* Data(const torch::Tensor& t) { return t.data_ptr<float>(); }

// Seconds of each implementation, summed over the three products of one matrix.
struct Times {
  double libtorch = 0, onednn = 0, hone = 0;
};

Times MeasureMatrix(const MatrixShape& shape, int64_t rows) {
  const int64_t n = shape.n, k = shape.k;
  const torch::Tensor x = torch::rand({rows, k}) - 0.5, w = torch::rand({n, k}) - 0.5;
  const torch::Tensor dy = torch::rand({rows, n}) - 0.5;
  torch::Tensor y = torch::empty({rows, n}), dx = torch::empty({rows, k});
  torch::Tensor dw = torch::zeros({n, k});
  PackedMatrix forward, backward;
  forward.PackTransposed(Data(w), n, k);
  backward.Pack(Data(w), n, k, k);
  Times times;
  times.hone = Seconds([&] {
                 MatMul({Data(x), k}, rows, forward, Data(y), n, Accumulate::kStore);
               }) +
               Seconds([&] {
                 MatMul({Data(dy), n}, rows, backward, Data(dx), k, Accumulate::kStore);
               }) +
               Seconds([&] { MatMulWeightGradient(Data(dy), Data(x), rows, n, k, Data(dw)); });
  times.libtorch = Seconds([&] { at::linear(x, w); }) + Seconds([&] { at::mm_out(dx, dy, w); }) +
                   Seconds([&] { at::mm_out(dw, dy.t(), x); });
  times.onednn =
      OneDnnSeconds(x, w) + OneDnnSeconds(dy, w.t()) + OneDnnSeconds(dy.t().contiguous(), x.t());
  return times;
}

// Calls `add` for each matrix of the model, with the rows that it sees and how often it is there.
template <typename Add>
void ForEachMatrix(const ModelConfig& config, int64_t rows, int64_t logit_rows, Add add) {
  for (const MatrixShape& shape : BlockMatrices(config)) add(shape, rows, config.num_layers);
  add(MatrixShape{config.vocab_size, config.hidden_size}, logit_rows, 1);
}

// Of the three products of a matrix, `times` times.
double Flops(const MatrixShape& shape, int64_t rows, int64_t times) {
  return 6.0 * static_cast<double>(times * rows * shape.n * shape.k);
}

}  // namespace

double GemmRates::best() const { return std::max({libtorch, onednn, hone}); }

GemmRates MeasureTrainingGemm(const ModelConfig& config, int64_t rows, int64_t logit_rows) {
  const torch::NoGradGuard no_grad;
  at::set_num_threads(NumThreads());
  Times seconds;
  double flops = 0;
  ForEachMatrix(config, rows, logit_rows,
                [&](const MatrixShape& shape, int64_t count, int64_t times) {
                  const Times one = MeasureMatrix(shape, count);
                  const double weight = static_cast<double>(times);
                  seconds.libtorch += weight * one.libtorch;
                  seconds.onednn += weight * one.onednn;
                  seconds.hone += weight * one.hone;
                  flops += Flops(shape, count, times);
                });
  at::set_num_threads(1);
  return {flops / seconds.libtorch, flops / seconds.onednn, flops / seconds.hone};
}

double MeasureTorchGemm(const ModelConfig& config, int64_t rows, int64_t logit_rows,
                        const std::string& device, Precision precision) {
  const torch::NoGradGuard no_grad;
  const auto options =
      torch::TensorOptions(torch::Device(device))
          .dtype(precision == Precision::kFloat32 ? torch::kFloat : torch::kBFloat16);
  double seconds = 0, flops = 0;
  ForEachMatrix(config, rows, logit_rows,
                [&](const MatrixShape& shape, int64_t count, int64_t times) {
                  const torch::Tensor x = torch::rand({count, shape.k}, options);
                  const torch::Tensor w = torch::rand({shape.n, shape.k}, options);
                  const torch::Tensor dy = torch::rand({count, shape.n}, options);
                  seconds += static_cast<double>(times) * Seconds([&] {
                               at::linear(x, w);
                               at::mm(dy, w);
                               at::mm(dy.t(), x);
                               if (x.is_cuda()) torch::cuda::synchronize();
                             });
                  flops += Flops(shape, count, times);
                });
  return flops / seconds;
}

}  // namespace hone
